// One export: how far it is, why it failed, and its files.

import { element, say, show, warn } from "./dom.js";
import { Problem, call } from "./session.js";
import * as words from "./words.js";

// How often a running export is looked at (milliseconds); slower the longer it takes.
const pollFirst = 1000;
const pollLast = 5000;
const growth = 1.25;

// Shows the export below `path` and follows it; `isCurrent` is false once something else is shown.
export async function showExport(path, of, isCurrent, failed) {
  const view = build(path, of, () => follow().catch(failed));
  let pause = pollFirst;
  let timer = null;
  let isDisturbed = false;
  const later = () => { timer = setTimeout(() => isCurrent() && follow().catch(failed), pause); };
  async function follow() {
    clearTimeout(timer);
    const it = await call("GET", path).catch((error) => {
      if (!passes(error)) throw error;
      return error;
    });
    if (!isCurrent()) return;
    if (it instanceof Problem) {
      isDisturbed = true;
      warn(words.problem(it));
      return later();
    }
    view.update(it);
    if (isDisturbed) warn("");
    isDisturbed = false;
    if (it.state !== "queued" && it.state !== "running") return;
    later();
    pause = Math.min(pause * growth, pollLast);
  }
  await follow();
}

// Whether the same question may be answered soon.
const passes = (error) => error instanceof Problem && (error.status === 0 || error.status === 429 || error.status >= 500);

function build(path, of, again) {
  const facts = element("dl");
  const bar = element("progress", { "aria-label": "Progress", hidden: true });
  const body = element("div");
  let shown = null;
  return {
    update(it) {
      if (!shown) show(`Export of ${of}`, facts, bar, body);
      facts.replaceChildren(...factsOf(it));
      progress(bar, it);
      say(summary(it));
      if (shown !== it.state) body.replaceChildren(...bodyOf(it, path, again));
      shown = it.state;
    },
  };
}

function factsOf(it) {
  const rows = [
    ["State", words.state[it.state] ?? it.state],
    ["Days", words.days(it.request)],
    ["Rows", words.count(it.progress.rows)],
    ["Size", words.size(it.files.reduce((sum, file) => sum + file.bytes, 0) || it.progress.bytes)],
    ["Asked for", words.time(it.created_at)],
    ["Files kept until", it.expires_at && words.time(it.expires_at)],
  ];
  return rows.filter(([, value]) => value).flatMap(([name, value]) => [element("dt", {}, name), element("dd", {}, value)]);
}

function progress(bar, it) {
  const { segments, segments_done: done } = it.progress;
  bar.hidden = it.state !== "queued" && it.state !== "running";
  if (!segments) return bar.removeAttribute("value");
  bar.max = segments;
  bar.value = done;
}

function summary(it) {
  if (it.waits_for) return words.wait(it.waits_for);
  if (it.state !== "running") return words.state[it.state] ?? it.state;
  const { segments, segments_done: done } = it.progress;
  return segments ? `${words.count(done)} of ${words.count(segments)} parts are built.` : "It is being planned.";
}

function bodyOf(it, path, again) {
  if (it.state === "failed" && it.failure) return failureOf(it.failure, path, again);
  if (it.state !== "succeeded") return [];
  return [element("h2", {}, "Files"), element("ul", {}, ...it.files.map((file) => fileOf(file, path)))];
}

function fileOf(file, path) {
  const download = (event) => busy(event.currentTarget, async () => {
    const link = await call("POST", `${path}/links`, { file: file.name });
    const url = new URL(link.url);
    if (url.protocol !== "https:" && url.protocol !== "http:") throw new TypeError("not a link");
    location.assign(url);
    say(`The download of ${file.name} begins.`);
  });
  const button = element("button", { type: "button", "aria-label": `Download ${file.name}`, onclick: download }, "Download");
  return element("li", { class: "file" }, element("span", {}, `${file.name}, ${words.size(file.bytes)}`), button);
}

function failureOf(failure, path, again) {
  const found = [element("h2", {}, "What happened"), element("p", {}, failure.message)];
  if (failure.days.length === 0) return found;
  const retry = (event) => busy(event.currentTarget, async () => {
    await call("POST", `${path}/retry`);
    again();
  });
  const days = words.runs(failure.days).map((run) => element("li", {}, run));
  return [
    ...found,
    element("h2", {}, "Days that failed"),
    element("ul", { class: "days" }, ...days),
    element("p", {}, "All other days are done and kept."),
    element("button", { type: "button", onclick: retry }, "Try the failed days again"),
  ];
}

// Does something slow once, and says in words what went wrong.
async function busy(button, work) {
  button.disabled = true;
  warn("");
  try {
    await work();
  } catch (error) {
    warn(words.problem(error));
  } finally {
    button.disabled = false;
    button.focus();
  }
}
