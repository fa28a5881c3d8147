// Numbers, times, states and problems as people read them.

const units = [["TB", 1e12], ["GB", 1e9], ["MB", 1e6], ["kB", 1e3]];

const clock = { year: "numeric", month: "long", day: "numeric", hour: "2-digit", minute: "2-digit", timeZoneName: "short" };

export const count = (number) => number.toLocaleString("en");

export function size(bytes) {
  const unit = units.find(([, factor]) => bytes >= factor);
  return unit ? `${(bytes / unit[1]).toFixed(1)} ${unit[0]}` : `${count(bytes)} bytes`;
}

export function time(text) {
  const date = new Date(text);
  return Number.isNaN(date.getTime()) ? text : date.toLocaleString("en-GB", clock);
}

export const state = {
  queued: "Waiting",
  running: "Being built",
  succeeded: "Ready",
  failed: "Failed",
  cancelled: "Cancelled",
  expired: "Its files are no longer kept",
};

const waits = {
  place: "It waits until other exports are finished.",
  workers: "It waits for a free worker.",
  retry: "A part failed and is being tried again.",
};

export function wait(waitsFor) {
  const words = waits[waitsFor.reason] ?? "It waits.";
  return waitsFor.until ? `${words} Next try: ${time(waitsFor.until)}.` : words;
}

export function days(request) {
  if (!request.from) return null;
  const range = request.from === request.to ? request.from : `${request.from} to ${request.to}`;
  return `${range} (${request.time_zone ?? "UTC"})`;
}

// Days one behind the other as one line each: `2021-01-01 to 2021-01-03`.
export function runs(list) {
  const found = [];
  for (const day of list) {
    const last = found.at(-1);
    if (last && following(last.to) === day) last.to = day;
    else found.push({ from: day, to: day });
  }
  return found.map(({ from, to }) => (from === to ? from : `${from} to ${to}`));
}

function following(day) {
  const date = new Date(`${day}T00:00:00Z`);
  date.setUTCDate(date.getUTCDate() + 1);
  return Number.isNaN(date.getTime()) ? null : date.toISOString().slice(0, 10);
}

export function problem(error) {
  const later = error.retryAfter ? ` Try again in ${error.retryAfter} s.` : " Try again later.";
  if (error.status === 0) return "The service cannot be reached. Check your connection and try again.";
  if (error.status === 404) return "There is no such export, or you may not see it.";
  if (error.status === 410) return "Its files are no longer kept. Ask for the export again.";
  if (error.status === 429) return `Too many attempts.${later}`;
  if (error.status >= 500) return `The service cannot answer now.${later}`;
  const fields = error.fields.map(({ field, reason }) => `${field} ${reason}`);
  return [error.message, error.detail, ...fields].filter(Boolean).map(sentence).join(" ");
}

const sentence = (text) => (/[.!?]$/.test(text) ? text : `${text}.`);
