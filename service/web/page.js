"use strict";

// Where a kind of reading is asked for, the shape of its drawing area, and how broad its pen is there.
const KINDS = {
  digit: { path: "predict", size: [560, 560], pen_px: 31, pause_ms: 500 }, // a 4, 5 or 7 takes more than one stroke
  number: { path: "sequence", size: [1120, 400], pen_px: 20, pause_ms: 900 }, // and the next digit has to be thought of
};

const DECISIONS = {
  accepted: "Sure enough to be used as it is.",
  review: "Not sure enough: a person should look.",
  rejected: "Nothing that can be read.",
};
const REASONS = {
  blank: "There is no ink in this picture.",
  max_error_unproven: "The model's calibration data cannot prove so small an error rate.",
  not_a_digit: "There is something here that is no digit.",
  several_digits: "There is more than one digit here.",
  constraint_failed: "Nothing that can be read here is as you say the number is.",
};
const KEY_NEEDED = "Type the API key of this service into the field below.";

const byId = (id) => document.getElementById(id);
const canvas = byId("canvas");
const pen = canvas.getContext("2d");
const boxes = byId("boxes");
const marker = boxes.getContext("2d");
let kind = "digit";
let pointer = null; // that draws; any other meanwhile, such as a palm on the glass, does not
let strokes = []; // of the drawing, each with its breadth, so that it can be set down on another canvas
let picture = null; // that was given, and is shown; null where the canvas shows a drawing
let place = { scale: 1, left: 0, top: 0 }; // of the picture on the canvas
let pause = 0;
let newest = 0; // number of the newest request; answers to older ones are not shown

function clear() {
  clearTimeout(pause);
  newest += 1;
  pen.fillStyle = "#fff";
  pen.fillRect(0, 0, canvas.width, canvas.height);
  pointer = picture = null;
  strokes = [];
  place = { scale: 1, left: 0, top: 0 };
  hint("Draw here, or drop a picture");
  show("?", "Nothing has been read yet.", "waiting");
}

function hint(text) {
  byId("hint").textContent = text;
  byId("hint").hidden = text === "";
}

function show(reading, verdict, state) {
  byId("reading").textContent = reading;
  byId("reading").className = `reading ${state}`;
  byId("reading").classList.toggle("long", String(reading).length > 1);
  byId("verdict").textContent = verdict;
  byId("verdict").className = `verdict ${state}`;
  for (const id of ["digits", "alternatives"]) byId(id).hidden = true;
  byId("facts").textContent = "";
  marker.clearRect(0, 0, boxes.width, boxes.height);
}

/** Rounded for people, but cut where rounding would make a certainty of it. */
function percent(share) {
  if (share < 0.9995 || share === 1) return `${(100 * share).toFixed(1)}\u00a0%`;
  return `${(Math.floor(10000 * share) / 100).toFixed(2)}\u00a0%`;
}

function fill(id, rows) {
  byId(id).tBodies[0].replaceChildren(...rows.map(([name, share, ...others]) => {
    const row = document.createElement("tr");
    const bar = document.createElement("meter");
    bar.value = share;
    bar.setAttribute("aria-hidden", "true");
    for (const content of [name, bar, percent(share), ...others]) row.insertCell().append(content);
    return row;
  }));
  byId(id).classList.toggle("long", rows.some(([name]) => name.length > 8)); // more leave a phone no room for bars
  byId(id).hidden = rows.length === 0;
}

function showReading(answer, took_ms) {
  const read = "text" in answer ? answer.text : answer.digit ?? "";
  const verdict = REASONS[answer.reason] ?? DECISIONS[answer.decision];
  const sureness = read === "" ? "" : `${percent(answer.confidence)} sure. `;
  const changed = answer.constraint?.changed_reading ? " What you know about the number has changed its reading." : "";
  show(read === "" ? "–" : read, sureness + verdict + changed, answer.decision);
  fill("alternatives", answer.alternatives.map((one) => [String(one.text ?? one.digit), one.confidence]));
  const others = (digit) => digit.alternatives.filter((one) => one.confidence >= 0.001).map((one) => one.digit);
  fill("digits", (answer.digits ?? []).map((digit) => {
    const or_else = others(digit).join(", ");
    return [String(digit.digit), digit.confidence, or_else && `or ${or_else}`];
  }));
  drawBoxes((answer.digits ?? []).map((digit) => digit.box));
  const { model, image } = answer;
  byId("facts").textContent =
    `Model ${model.name} ${model.version}; picture ${image.width} x ${image.height} px; ${took_ms.toFixed(0)} ms.`;
}

function drawBoxes(found) {
  marker.strokeStyle = "#1d4e89";
  marker.lineWidth = 3;
  for (const { x, y, width, height } of found) {
    const corner = [place.left + x * place.scale, place.top + y * place.scale];
    marker.strokeRect(...corner, width * place.scale, height * place.scale);
  }
}

function query() {
  if (kind !== "number") return "";
  const known = [...new FormData(byId("constraint"))].filter(([, value]) => value !== "");
  return known.length ? `?${new URLSearchParams(known)}` : "";
}

/** Ask the service, with the key where one was typed; the field for it is there until the key is right. */
async function ask(path, options = {}) {
  const key = byId("key").value.replace(/[^ -~]/g, "?"); // a header holds no others, and no key has any
  const response = await fetch(path, { ...options, headers: key ? { "X-API-Key": key } : {} });
  if (response.ok || response.status === 401) byId("key-row").hidden = response.ok;
  return response;
}

async function read(file) {
  const number = ++newest;
  const form = new FormData();
  form.append("file", file);
  const began = performance.now();
  try {
    const response = await ask(KINDS[kind].path + query(), { method: "POST", body: form });
    const answer = await response.json();
    if (number !== newest) return;
    if (response.ok) showReading(answer, performance.now() - began);
    else if (response.status === 401) show("–", (byId("key").value && "This key is wrong. ") + KEY_NEEDED, "failed");
    else show("–", answer.detail, "failed");
  } catch {
    if (number === newest) show("–", "The service cannot be reached.", "failed");
  }
}

function readDrawing() {
  canvas.toBlob(read, "image/png");
}

async function readPicture(file) {
  clear();
  picture = file;
  hint("");
  await showPicture(file);
  if (picture === file) read(file); // as it came, at its full size; what is drawn is only for the eye
}

async function showPicture(file) {
  try {
    const bitmap = await createImageBitmap(file);
    const scale = Math.min(canvas.width / bitmap.width, canvas.height / bitmap.height);
    const [width, height] = [bitmap.width * scale, bitmap.height * scale];
    place = { scale, left: (canvas.width - width) / 2, top: (canvas.height - height) / 2 };
    pen.drawImage(bitmap, place.left, place.top, width, height);
  } catch {
    hint("This browser cannot show the picture"); // TIFF, for most
    place = { scale: 0, left: -9, top: -9 }; // boxes would stand on nothing
  }
}

/** Read what is there once more, such as with another constraint. */
function readAgain() {
  if (picture) read(picture);
  else if (strokes.length) readDrawing();
}

function choose(chosen) {
  const [shown, drawn] = [picture, strokes];
  kind = chosen;
  for (const area of [canvas, boxes]) [area.width, area.height] = KINDS[kind].size;
  byId("drop").classList.toggle("line", kind === "number");
  byId("known").hidden = kind !== "number";
  clear();
  if (shown) readPicture(shown);
  else if (drawn.length) redraw(drawn);
}

/** Set a drawing from another canvas down in the middle of this one, to be read and gone on with. */
function redraw(drawn) {
  const [x, y] = [0, 1].map((axis) => {
    const along = drawn.flatMap(({ points }) => points.map((point) => point[axis]));
    const [low, high] = [Math.min(...along), Math.max(...along)];
    return { middle: (low + high) / 2, length: high - low };
  });
  // Three quarters leave room around it; twice its size at most, so that a dot stays a dot.
  const scale = Math.min(2, (0.75 * canvas.width) / x.length, (0.75 * canvas.height) / y.length);
  strokes = drawn.map(({ points, breadth_px }) => ({
    points: points.map((point) => [
      canvas.width / 2 + scale * (point[0] - x.middle),
      canvas.height / 2 + scale * (point[1] - y.middle),
    ]),
    breadth_px: scale * breadth_px,
  }));
  strokes.forEach(draw);
  hint("");
  readDrawing();
}

function draw({ points: [[x, y], ...others], breadth_px }) {
  pen.strokeStyle = "#111";
  pen.lineWidth = breadth_px;
  pen.lineCap = pen.lineJoin = "round";
  pen.beginPath();
  pen.moveTo(x, y);
  pen.lineTo(x + 0.01, y); // a tap leaves a dot, which a line of no length would not
  for (const point of others) pen.lineTo(...point);
  pen.stroke();
}

function at(event) {
  return [(event.offsetX * canvas.width) / canvas.clientWidth, (event.offsetY * canvas.height) / canvas.clientHeight];
}

canvas.addEventListener("pointerdown", (event) => {
  if (pointer !== null || event.button !== 0) return;
  if (picture) clear();
  clearTimeout(pause);
  marker.clearRect(0, 0, boxes.width, boxes.height);
  hint("");
  canvas.setPointerCapture(event.pointerId);
  pointer = event.pointerId;
  strokes.push({ points: [at(event)], breadth_px: KINDS[kind].pen_px });
  draw(strokes.at(-1));
});
canvas.addEventListener("pointermove", (event) => {
  if (event.pointerId !== pointer) return;
  strokes.at(-1).points.push(at(event));
  draw(strokes.at(-1));
});
for (const end of ["pointerup", "pointercancel"]) {
  canvas.addEventListener(end, (event) => {
    if (event.pointerId !== pointer) return;
    pointer = null;
    pause = setTimeout(readDrawing, KINDS[kind].pause_ms);
  });
}

byId("clear").addEventListener("click", clear);
byId("file").addEventListener("change", (event) => {
  if (event.target.files.length) readPicture(event.target.files[0]);
  event.target.value = ""; // so that the same file can be chosen again
});
document.addEventListener("paste", (event) => {
  if (event.clipboardData.files.length) readPicture(event.clipboardData.files[0]);
});
byId("kinds").addEventListener("change", (event) => choose(event.target.value));
byId("constraint").addEventListener("change", readAgain);
byId("constraint").addEventListener("submit", (event) => event.preventDefault()); // Enter in a field
byId("key").addEventListener("change", () => {
  describeModels();
  readAgain();
});

const drop = byId("drop");
for (const move of ["dragenter", "dragover"]) {
  drop.addEventListener(move, (event) => {
    event.preventDefault();
    drop.classList.add("over");
  });
}
drop.addEventListener("dragleave", () => drop.classList.remove("over"));
drop.addEventListener("drop", (event) => {
  event.preventDefault();
  drop.classList.remove("over");
  if (event.dataTransfer.files.length) readPicture(event.dataTransfer.files[0]);
});

// What is known about the models that answer, in their own numbers.
async function describeModels() {
  const response = await ask("models").catch(() => null);
  if (!response?.ok) return;
  const { default: digits, default_sequence_reader: numbers, models } = await response.json();
  byId("kinds").hidden = !numbers;
  const known = [digits, numbers].map((name) => models.find((one) => one.name === name)).filter(Boolean);
  byId("about").textContent = known.map(describe).join(" ");
}

function describe(model) {
  const metric = model.metrics[0];
  if (!metric) return "";
  const [low, high] = metric.interval.map((share) => (100 * share).toFixed(2));
  return `Model ${model.name} ${model.version} read ${(100 * metric.value).toFixed(2)} % of ` +
    `${metric.num_samples.toLocaleString("en")} pictures of ${metric.dataset} right (95 % interval ${low} to ${high}).`;
}

clear();
describeModels();
