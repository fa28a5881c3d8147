// Who is signed in. Tokens live in this module's memory and nowhere else: closing the page forgets them.

const base = new URL("../v1/", import.meta.url);
// How long before its end an access token is replaced (milliseconds).
const early = 30_000;
const refreshAttempts = 3;
// Before the second attempt; twice as long before the third (milliseconds).
const refreshPause = 500;

let access = null;
let refresh = null;
let endsAt = 0;
let refreshing = null;

// What the service said no with: a problem document (RFC 9457) as far as there is one.
export class Problem extends Error {
  constructor(status, body, retryAfter) {
    super(body.title ?? "The service gave no answer.");
    this.status = status;
    this.code = body.code;
    this.detail = body.detail;
    this.fields = Array.isArray(body.errors) ? body.errors : [];
    this.retryAfter = retryAfter;
  }
}

export const isSignedIn = () => refresh !== null;

export async function signIn(email, password) {
  keep(await send("POST", "auth/login", { email, password }));
}

export async function signOut() {
  const last = refresh;
  forget();
  // Signed out here whatever happens there.
  if (last) await send("POST", "auth/logout", { refresh_token: last }).catch(() => {});
}

// Calls the API as whoever is signed in; a login that is over is forgotten, and the answer says so.
export async function call(method, path, body) {
  if (performance.now() > endsAt - early) await renew();
  try {
    return await send(method, path, body, access);
  } catch (problem) {
    if (problem.status !== 401) throw problem;
    await renew();
    return send(method, path, body, access);
  }
}

// One renewal at a time: a refresh token is good for one use.
function renew() {
  refreshing ??= exchange().finally(() => { refreshing = null; });
  return refreshing;
}

async function exchange() {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  const nonce = Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
  const used = refresh;
  if (!used) throw new Problem(401, {});
  for (let attempt = 1; ; attempt += 1) {
    try {
      const pair = await send("POST", "auth/refresh", { refresh_token: used, nonce });
      // Whoever signed out meanwhile stays signed out.
      if (refresh === used) keep(pair);
      return;
    } catch (problem) {
      if (problem.status === 401) forget();
      // A lost answer is asked for again under the same nonce, which gives the same tokens.
      const isLost = problem.status === 0 || problem.status >= 500;
      if (!isLost || attempt === refreshAttempts) throw problem;
      await new Promise((done) => setTimeout(done, refreshPause * attempt));
    }
  }
}

function keep(pair) {
  access = pair.access_token;
  refresh = pair.refresh_token;
  endsAt = performance.now() + pair.expires_in * 1000;
}

function forget() {
  access = null;
  refresh = null;
  endsAt = 0;
}

async function send(method, path, body, token) {
  const headers = { accept: "application/json" };
  if (body) headers["content-type"] = "application/json";
  if (token) headers.authorization = `Bearer ${token}`;
  const request = { method, headers, body: body && JSON.stringify(body), cache: "no-store", credentials: "omit", redirect: "error" };
  let answer;
  let text;
  try {
    answer = await fetch(new URL(path, base), request);
    text = await answer.text();
  } catch {
    throw new Problem(0, {});
  }
  const read = parse(text);
  if (!answer.ok) throw new Problem(answer.status, read ?? {}, Number(answer.headers.get("retry-after")) || null);
  return read;
}

function parse(text) {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}
