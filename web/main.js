// The page behind a letter's link: sign in, see how far an export is, fetch its files.

import { element, say, show, warn } from "./dom.js";
import { showExport } from "./export.js";
import { call, isSignedIn, signIn, signOut } from "./session.js";
import * as words from "./words.js";

const slug = "[a-z0-9][a-z0-9._-]{0,63}";
const id = "[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}";
const routes = [
  [new RegExp(`^#/exports/(${slug})/(${id})$`), (org, it) => oneExport(`organisations/${org}/exports/${it}`, `the messages of ${org}`)],
  [new RegExp(`^#/me/exports/(${id})$`), (it) => oneExport(`me/exports/${it}`, "your memberships")],
  [new RegExp(`^#/exports/(${slug})$`), (org) => list(`organisations/${org}/exports`, `#/exports/${org}`, `Exports of ${org}`)],
  [/^#\/me\/exports$/, () => list("me/exports", "#/me/exports", "Exports of your memberships")],
  [/^(#\/?)?$/, home],
];

const loading = "Loading …";
// Counts what was shown, so that answers that come too late are dropped.
let current = 0;

function render() {
  current += 1;
  document.getElementById("sign-out").hidden = !isSignedIn();
  if (!isSignedIn()) return askToSignIn();
  for (const [pattern, view] of routes) {
    const found = pattern.exec(location.hash);
    if (found) show(loading);
    if (found) return view(...found.slice(1)).catch(failed(current));
  }
  return show("There is no such page");
}

// What to do when the view that is numbered so fails.
function failed(number) {
  return (error) => {
    if (number !== current) return;
    if (!isSignedIn()) {
      render();
      warn("Your login is over. Sign in again.");
      return;
    }
    if (document.querySelector("h1").textContent === loading) show("Not shown");
    warn(words.problem(error));
  };
}

function askToSignIn() {
  document.getElementById("who").textContent = "";
  const email = element("input", { type: "email", name: "email", autocomplete: "username", required: true, maxlength: "254" });
  const password = element("input", { type: "password", name: "password", autocomplete: "current-password", required: true });
  const button = element("button", { type: "submit" }, "Sign in");
  const form = element("form", {}, element("label", {}, "E-mail address", email), element("label", {}, "Password", password), button);
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    button.disabled = true;
    warn("");
    say("Signing in …");
    try {
      await signIn(email.value, password.value);
      document.getElementById("who").textContent = email.value;
      render();
    } catch (error) {
      say("");
      warn(words.problem(error));
      password.value = "";
      password.focus();
    } finally {
      button.disabled = false;
    }
  });
  show("Sign in", form);
  email.focus();
}

async function home() {
  const number = current;
  const me = await call("GET", "me");
  if (number !== current) return;
  const places = me.organisations.map(({ slug: name, role }) =>
    element("li", {}, element("a", { href: `#/exports/${name}` }, name), ` (${role})`));
  const own = element("p", {}, element("a", { href: "#/me/exports" }, "Exports of your memberships"));
  const none = element("p", {}, "You belong to no organisation.");
  show("Your organisations", places.length ? element("ul", {}, ...places) : none, own);
}

async function list(path, link, title) {
  const number = current;
  const page = await call("GET", path);
  if (number !== current) return;
  const items = page.items.map((it) => {
    const name = words.days(it.request) ?? words.time(it.created_at);
    return element("li", {}, element("a", { href: `${link}/${it.id}` }, name), ` – ${words.state[it.state] ?? it.state}`);
  });
  show(title, items.length ? element("ul", {}, ...items) : element("p", {}, "There are no exports."));
}

async function oneExport(path, of) {
  const number = current;
  const isCurrent = () => number === current;
  await showExport(path, of, isCurrent, failed(number));
}

document.getElementById("sign-out").addEventListener("click", async () => {
  await signOut();
  render();
  say("You are signed out.");
});
addEventListener("hashchange", render);
render();
