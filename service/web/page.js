"use strict";

const PEN_SHARE = 0.055; // of the canvas's width: a felt pen on a small card
const PAUSE_MS = 500; // after a stroke; a 4, 5 or 7 takes more than one

const DECISIONS = {
  accepted: "Sure enough to be used as it is.",
  review: "Not sure enough: a person should look.",
  rejected: "Nothing that can be read.",
};
const REASONS = {
  blank: "There is no ink in this picture.",
  max_error_unproven: "The model's calibration data cannot prove so small an error rate.",
};

const byId = (id) => document.getElementById(id);
const canvas = byId("canvas");
const pen = canvas.getContext("2d");
let isDrawing = false;
let hasPicture = false; // what the canvas shows is a picture that was given, not a drawing
let pause = 0;
let newest = 0; // number of the newest request; answers to older ones are not shown

function clear() {
  clearTimeout(pause);
  newest += 1;
  pen.fillStyle = "#fff";
  pen.fillRect(0, 0, canvas.width, canvas.height);
  hasPicture = false;
  hint("Draw here, or drop a picture");
  show("?", "Nothing has been read yet.", "waiting");
}

function hint(text) {
  byId("hint").textContent = text;
  byId("hint").hidden = text === "";
}

function show(digit, verdict, kind) {
  byId("digit").textContent = digit;
  byId("digit").className = `digit ${kind}`;
  byId("verdict").textContent = verdict;
  byId("verdict").className = `verdict ${kind}`;
  byId("alternatives").hidden = true;
  byId("facts").textContent = "";
}

const percent = (share) => `${(100 * share).toFixed(share > 0.9995 && share < 1 ? 3 : 1)} %`;

function showReading(reading, took_ms) {
  const verdict = REASONS[reading.reason] ?? DECISIONS[reading.decision];
  const sureness = reading.digit === null ? "" : `${percent(reading.confidence)} sure. `;
  show(reading.digit ?? "–", sureness + verdict, reading.decision);
  const rows = reading.alternatives.map(({ digit, confidence }) => {
    const row = document.createElement("tr");
    const bar = document.createElement("meter");
    bar.value = confidence;
    bar.setAttribute("aria-hidden", "true");
    for (const content of [String(digit), bar, percent(confidence)]) {
      row.insertCell().append(content);
    }
    return row;
  });
  byId("alternatives").tBodies[0].replaceChildren(...rows);
  byId("alternatives").hidden = rows.length === 0;
  const { model, image } = reading;
  byId("facts").textContent =
    `Model ${model.name} ${model.version}; picture ${image.width} x ${image.height} px; ${took_ms.toFixed(0)} ms.`;
}

async function read(picture) {
  const number = ++newest;
  const form = new FormData();
  form.append("file", picture);
  const headers = byId("key").value ? { "X-API-Key": byId("key").value } : {};
  const began = performance.now();
  try {
    const response = await fetch("predict", { method: "POST", body: form, headers });
    const answer = await response.json();
    if (number !== newest) return;
    if (response.status === 401) byId("key-row").hidden = false;
    if (response.ok) showReading(answer, performance.now() - began);
    else show("–", answer.detail, "failed");
  } catch {
    if (number === newest) show("–", "The service cannot be reached.", "failed");
  }
}

function readDrawing() {
  canvas.toBlob(read, "image/png");
}

async function readPicture(picture) {
  clear();
  hasPicture = true;
  hint("");
  read(picture); // as it came, at its full size; what is drawn below is only for the eye
  try {
    const bitmap = await createImageBitmap(picture);
    const scale = Math.min(canvas.width / bitmap.width, canvas.height / bitmap.height);
    const [width, height] = [bitmap.width * scale, bitmap.height * scale];
    pen.drawImage(bitmap, (canvas.width - width) / 2, (canvas.height - height) / 2, width, height);
  } catch {
    hint("This browser cannot show the picture"); // TIFF, for most
  }
}

function at(event) {
  const scale = canvas.width / canvas.clientWidth;
  return [event.offsetX * scale, event.offsetY * scale];
}

canvas.addEventListener("pointerdown", (event) => {
  if (hasPicture) clear();
  clearTimeout(pause);
  hint("");
  canvas.setPointerCapture(event.pointerId);
  isDrawing = true;
  pen.strokeStyle = "#111";
  pen.lineWidth = PEN_SHARE * canvas.width;
  pen.lineCap = pen.lineJoin = "round";
  pen.beginPath();
  pen.moveTo(...at(event));
  pen.lineTo(...at(event)); // a tap leaves a dot
  pen.stroke();
});
canvas.addEventListener("pointermove", (event) => {
  if (!isDrawing) return;
  pen.lineTo(...at(event));
  pen.stroke();
});
for (const end of ["pointerup", "pointercancel"]) {
  canvas.addEventListener(end, () => {
    if (isDrawing) pause = setTimeout(readDrawing, PAUSE_MS);
    isDrawing = false;
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

const drop = byId("drop");
for (const kind of ["dragenter", "dragover"]) {
  drop.addEventListener(kind, (event) => {
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

// What is known about the model that answers, in its own numbers.
async function describeModel() {
  const response = await fetch("models");
  if (!response.ok) return;
  const { default: name, models } = await response.json();
  const model = models.find((one) => one.name === name);
  const metric = model?.metrics.find((one) => one.name === "accuracy");
  if (!metric) return;
  const [low, high] = metric.interval.map((share) => (100 * share).toFixed(2));
  byId("about").textContent =
    `Model ${name} ${model.version} read ${(100 * metric.value).toFixed(2)} % of ` +
    `${metric.num_samples.toLocaleString("en")} pictures of ${metric.dataset} right (95 % interval ${low} to ${high}). ` +
    "It knows the digits 0 to 9 only, one per picture.";
}

clear();
describeModel().catch(() => {});
