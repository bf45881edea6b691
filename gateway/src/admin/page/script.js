"use strict";
// Shows /status, and then what /events says is new. Text from the gateway only ever becomes text.

const LENGTH = 300;
const MOST_ROWS = 300;
// An event comes every second; without any for so long, what is shown is no longer how things are.
const PATIENCE = 5000;
const AGAIN = 2000;
const ALL_METHODS = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"];
const byId = (id) => document.getElementById(id);
let token = "";
let routes = [];
let rows = [];
let lastNews = null;
let past = { requests: [], errors: [], p50: [], p95: [], p99: [] };

function make(tag, text, kind) {
  const element = document.createElement(tag);
  if (kind) element.className = kind;
  if (text !== undefined) element.textContent = text;
  return element;
}

function fill(parent, children) {
  parent.replaceChildren(...children);
}

const count = (number) => Math.round(number).toLocaleString("en");
const rate = (number) => (number >= 100 ? count(number) : (number || 0).toFixed(number >= 10 || !number ? 0 : 1));

function milliseconds(value) {
  if (value === null || value === undefined) return ["–", ""];
  if (value >= 1000) return [(value / 1000).toFixed(2), "s"];
  return [value >= 100 ? value.toFixed(0) : value >= 10 ? value.toFixed(1) : value.toFixed(2), "ms"];
}

function span(seconds) {
  if (seconds === null || seconds === undefined) return "–";
  if (seconds < 60) return `${Math.floor(seconds)} s`;
  if (seconds < 3600) return `${Math.floor(seconds / 60)} min`;
  if (seconds < 172800) return `${Math.floor(seconds / 3600)} h`;
  return `${Math.floor(seconds / 86400)} d`;
}

function big(id, [text, unit]) {
  fill(byId(id), [document.createTextNode(text), ...(unit ? [make("span", unit, "unit")] : [])]);
}

function line(id, values) {
  const svg = byId(id);
  // A gateway that has just started shows a minute.
  const width = Math.max(values.length, 60);
  svg.setAttribute("viewBox", `0 0 ${width - 1} 100`);
  svg.setAttribute("preserveAspectRatio", "none");
  const top = Math.max(...values.map((value) => value || 0), 1e-9);
  const offset = width - values.length;
  const points = values.map((value, index) => `${offset + index} ${(98 - 94 * ((value || 0) / top)).toFixed(1)}`);
  const path = (shape, kind) => {
    const element = document.createElementNS("http://www.w3.org/2000/svg", "path");
    element.setAttribute("d", shape);
    if (kind) element.setAttribute("class", kind);
    return element;
  };
  if (points.length < 2) return svg.replaceChildren();
  svg.classList.toggle("flat", !values.some((value) => value > 0));
  const curve = `M${points.join(" L")}`;
  svg.replaceChildren(path(`${curve} L${width - 1} 100 L${offset} 100 Z`, "area"), path(curve));
}

const reasons = {
  no_keys: "no keys to check tokens with",
  revocations_unknown: "the revoked tokens are not known",
};

function judge(status) {
  const of = (state) => status.upstreams.filter(({ breaker }) => breaker === state).map(({ service }) => service).join(", ");
  const [open, halfOpen] = [of("open"), of("half_open")];
  const lacks = status.reasons.filter((reason) => reason !== "draining").map((reason) => reasons[reason] || reason.replaceAll("_", " "));
  const isDeaf = status.telemetry.push_failing_seconds !== null || status.telemetry.log_failing_seconds !== null;
  const parts = [status.draining ? "Draining" : lacks.length ? `Not ready: ${lacks.join(", ")}` : "Serving"];
  if (open) parts.push(`without ${open}`);
  if (halfOpen) parts.push(`${halfOpen} may be tried again`);
  if (isDeaf) parts.push("CoreTelemetry takes nothing");
  return [open ? "bad" : parts[0] === "Serving" && parts.length === 1 ? "good" : "warn", parts.join(", ")];
}

function showVerdict([kind, text]) {
  const verdict = byId("verdict");
  const strong = verdict.querySelector("strong");
  verdict.className = kind;
  // A reader that speaks is told of changes only.
  if (strong.textContent !== text) strong.textContent = text;
}

function definitions(id, pairs) {
  fill(byId(id), pairs.map(([term, text, kind]) => {
    const pair = make("div");
    pair.append(make("dt", term), make("dd", text, kind));
    return pair;
  }));
}

function showFacts(status) {
  definitions("facts", [
    ["version", status.version],
    ["routes", status.routes_digest.slice(0, 8)],
    ["up", span(status.uptime_seconds)],
    ["connections", count(status.connections)],
    ["memory", status.memory_bytes ? `${Math.round(status.memory_bytes / 1048576)} MiB` : "–"],
    ["log", status.log.level],
  ]);
}

function showServices(upstreams) {
  fill(byId("services"), upstreams.map((upstream) => {
    const row = make("tr");
    const name = make("td", upstream.service, "path");
    name.append(make("small", upstream.address));
    const words = { closed: "closed", open: `open, ${span(upstream.open_for_seconds)} left`, half_open: "may be tried again" };
    const breaker = make("td");
    breaker.append(make("span", words[upstream.breaker], `state ${upstream.breaker}`));
    row.append(name, breaker);
    for (const number of [upstream.errors + upstream.server_errors, upstream.retries, upstream.refused_by_breaker]) {
      row.append(make("td", count(number), number ? "number" : "number quiet"));
    }
    return row;
  }));
}

function showRejections(rejections) {
  const shown = rejections.map((rejection) => {
    const row = make("tr");
    row.append(
      make("td", rejection.reason.replaceAll("_", " ")),
      make("td", count(rejection.count), "number"),
      make("td", rejection.last_path_template === "_OTHER" ? "no route" : rejection.last_path_template, "target"),
      make("td", span(rejection.last_seconds_ago), "number"),
    );
    return row;
  });
  if (!shown.length) {
    const none = make("td", "None so far", "quiet");
    none.colSpan = 4;
    const row = make("tr");
    row.append(none);
    shown.push(row);
  }
  fill(byId("rejections"), shown);
}

function sent(number, rest, failing) {
  return failing === null ? [`${count(number)}, ${rest}`] : [`${count(number)}, failing for ${span(failing)}`, "used-up"];
}

function showKeys(status) {
  const { keys, telemetry, log } = status;
  const missing = keys.lacks ? keys.lacks.replaceAll("_", " ") : "";
  const pairs = [
    ["Keys", missing || `${keys.current} in use, ${keys.retired} retiring`, missing ? "used-up" : ""],
    ["Last read", keys.age_seconds === null ? "–" : `${span(keys.age_seconds)} ago`],
    ["Metrics sent", ...sent(telemetry.pushes, `${count(telemetry.push_failures)} tried again`, telemetry.push_failing_seconds)],
    ["Log lines sent", ...sent(telemetry.logs_sent, `${count(telemetry.log_backlog)} waiting`, telemetry.log_failing_seconds)],
    ["Log lines lost", count(telemetry.logs_dropped + log.dropped), telemetry.logs_dropped + log.dropped ? "used-up" : ""],
  ];
  if (!telemetry.configured) pairs.splice(2, 2, ["CoreTelemetry", "not configured"]);
  fill(byId("keys"), pairs.flatMap(([term, text, kind]) => [make("dt", term), make("dd", text, kind)]));
}

// A path or URL that is too long for its column is broken where its parts meet.
function breakable(text) {
  const whole = make("span");
  text.split(/(?<=[^/:]\/)/).forEach((part, index) => whole.append(...(index ? [make("wbr"), part] : [part])));
  return whole;
}

function makeRoute(route) {
  const row = make("tr");
  const path = make("td", undefined, "path");
  path.append(breakable(route.path_prefix));
  if (route.summary) path.append(make("small", route.summary));
  const target = make("td", route.service);
  const url = make("small");
  url.append(breakable(route.target));
  target.append(url);
  const limit = route.limit ? `${count(route.limit.count)} a ${route.limit.unit}` : "none";
  row.append(
    path,
    make("td", ALL_METHODS.every((method) => route.methods.split(", ").includes(method)) ? "all" : route.methods),
    route.roles ? make("td", route.roles.join(", ")) : make("td", "everyone", "public"),
    target,
    make("td", limit, "number"),
  );
  const cells = ["left", "rate", "p50", "p95", "p99"].map(() => make("td", "", "number"));
  row.append(...cells);
  const text = [route.path_prefix, route.methods, route.service, route.target, route.summary, ...(route.roles || ["everyone"])];
  return { row, cells, text: text.join(" ").toLowerCase() };
}

function showRoute(index, now) {
  const shown = rows[index];
  if (!shown) return;
  const [left, perSecond, ...latencies] = shown.cells;
  left.textContent = now.limit_remaining === null ? "" : count(now.limit_remaining);
  left.className = now.limit_remaining === 0 ? "number used-up" : "number";
  perSecond.textContent = now.per_second ? rate(now.per_second) : "";
  [now.p50_ms, now.p95_ms, now.p99_ms].forEach((value, at) => {
    latencies[at].textContent = value === null ? "" : milliseconds(value).join(" ");
  });
}

function search() {
  const words = byId("search").value.toLowerCase().split(/\s+/).filter(Boolean);
  const found = rows.filter(({ text }) => words.every((word) => text.includes(word)));
  const shown = found.slice(0, MOST_ROWS);
  fill(byId("route-rows"), shown.map(({ row }) => row));
  const all = found.length === rows.length ? `${count(rows.length)}` : `${count(found.length)} of ${count(rows.length)}`;
  byId("routes-count").textContent = shown.length < found.length ? `${all}, the first ${count(shown.length)} shown` : all;
}

function showChanging(status) {
  showVerdict(judge(status));
  showFacts(status);
  showServices(status.upstreams);
  showRejections(status.rejections);
  showKeys(status);
  const { now } = status.requests;
  big("rate", [rate(now.per_second), ""]);
  big("errors", [rate(now.errors_per_second), ""]);
  byId("errors").className = now.errors_per_second > 0 ? "bad" : "";
  for (const part of ["p50", "p95", "p99"]) big(part, milliseconds(now[`${part}_ms`]));
  line("rate-line", past.requests);
  line("errors-line", past.errors);
  for (const part of ["p50", "p95", "p99"]) line(`${part}-line`, past[part]);
}

let busy = new Set();

function showEvent(status) {
  for (const [name, values] of Object.entries(past)) {
    values.push(status.second[name]);
    if (values.length > LENGTH) values.shift();
  }
  const now = new Set(Object.keys(status.routes_now));
  const idle = { limit_remaining: null, per_second: 0, p50_ms: null, p95_ms: null, p99_ms: null };
  for (const index of busy) {
    if (!now.has(index)) showRoute(index, { ...idle, limit_remaining: routes[index].limit ? routes[index].limit.burst : null });
  }
  for (const [index, told] of Object.entries(status.routes_now)) showRoute(index, told);
  busy = now;
  showChanging(status);
}

async function ask(path, signal) {
  const headers = token ? { Authorization: `Bearer ${token}` } : {};
  const response = await fetch(path, { headers, signal });
  if (response.status === 401 || response.status === 403) {
    byId("token").hidden = false;
    byId("token-fault").textContent = token ? (await response.json()).detail : "";
    throw new Error("token");
  }
  if (!response.ok) throw new Error(`${response.status}`);
  byId("token").hidden = true;
  return response;
}

// Ends with an error when nothing has come for too long.
async function follow(isNews, signal) {
  const status = await (await ask("status", signal)).json();
  routes = status.routes;
  rows = routes.map(makeRoute);
  routes.forEach((route, index) => showRoute(index, route.now));
  for (const name of Object.keys(past)) past[name] = status.history[name];
  search();
  showChanging(status);
  isNews();
  const reader = (await ask("events", signal)).body.pipeThrough(new TextDecoderStream()).getReader();
  let text = "";
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return;
    text += value;
    const events = text.split("\n\n");
    text = events.pop();
    for (const event of events) {
      const data = event.split("\n").find((part) => part.startsWith("data: "));
      if (data) showEvent(JSON.parse(data.slice(6)));
      isNews();
    }
  }
}

async function keepFollowing() {
  const silence = new AbortController();
  let alarm = setTimeout(() => silence.abort(), PATIENCE);
  const isNews = () => {
    clearTimeout(alarm);
    alarm = setTimeout(() => silence.abort(), PATIENCE);
    lastNews = new Date();
    document.body.classList.remove("stale");
  };
  let fault = null;
  try {
    await follow(isNews, silence.signal);
  } catch (error) {
    fault = error;
  }
  clearTimeout(alarm);
  document.body.classList.add("stale");
  if (fault && fault.message === "token") return showVerdict(["warn", "Waiting for an access token"]);
  const since = lastNews ? `No news since ${lastNews.toTimeString().slice(0, 8)}` : "No connection to the gateway";
  showVerdict(["bad", since]);
  setTimeout(keepFollowing, AGAIN);
}

byId("token").addEventListener("submit", (event) => {
  event.preventDefault();
  token = byId("token-field").value.trim();
  keepFollowing();
});
byId("search").addEventListener("input", search);
document.addEventListener("keydown", (event) => {
  const typing = event.target instanceof HTMLInputElement;
  if (event.key === "/" && !typing) {
    event.preventDefault();
    byId("search").focus();
  } else if (event.key === "Escape" && event.target === byId("search")) {
    byId("search").value = "";
    search();
  }
});
keepFollowing();
