"use strict";

const FONT = "system-ui, sans-serif"; // Redoc's own default would be fetched from another server
Redoc.init(
  "openapi.json",
  { theme: { typography: { fontFamily: FONT, headings: { fontFamily: FONT } } } },
  document.getElementById("redoc"),
);
