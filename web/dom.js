// Builds elements; whatever comes from outside becomes text, never markup.

export function element(name, attributes = {}, ...children) {
  const made = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) {
    if (key.startsWith("on")) made.addEventListener(key.slice(2), value);
    else if (value === true) made.setAttribute(key, "");
    else if (value !== false && value !== null && value !== undefined) made.setAttribute(key, value);
  }
  made.append(...children.filter((child) => child !== null && child !== undefined));
  return made;
}

// Replaces what is shown and brings readers of screens to its beginning.
export function show(title, ...children) {
  const heading = element("h1", { tabindex: "-1" }, title);
  document.getElementById("main").replaceChildren(heading, ...children.filter(Boolean));
  document.title = `${title} – Outhaul`;
  say("");
  warn("");
  heading.focus();
}

export const say = (text) => write("status", text);
export const warn = (text) => write("alert", text);

// A region that is read aloud is only touched when it says something else.
function write(id, text) {
  const region = document.getElementById(id);
  if (region.textContent !== text) region.textContent = text;
}
