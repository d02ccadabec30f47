// SPDX-License-Identifier: GPL-3.0-or-later
// The page of aircomp serve: a chat through the server's own endpoint, and figures as they come.
"use strict";

const element = id => document.getElementById(id);
const most_points = 120;  // Of a chart over time.
let model = null;  // As /v1/models has it.
const messages = [];
let answering = null;  // What stops the answer that is being made.

// ---- the server ----

async function ask(path, options = {}) {
  const token = sessionStorage.getItem("token");
  const headers = {...options.headers, ...(token ? {Authorization: `Bearer ${token}`} : {})};
  const response = await fetch(path, {...options, headers});
  if (response.ok) return response;
  if (response.status === 401) element("token-form").hidden = false;
  const text = await response.text();
  let reason = text;
  try {
    reason = JSON.parse(text).error.message;
  } catch {
    // Whatever answered is not our server.
  }
  throw new Error(reason || `status ${response.status}`);
}

// What follows "data: " of each event, as it comes.
async function* events(response) {
  const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
  let held = "";
  for (;;) {
    const {value, done} = await reader.read();
    if (done) return;
    const parts = (held + value).split("\n\n");
    held = parts.pop();
    for (const part of parts) if (part.startsWith("data: ")) yield part.slice(6);
  }
}

// ---- the chat ----

function say(who, text, kind = "") {
  const line = document.createElement("p");
  const name = document.createElement("span");
  name.className = "who";
  name.textContent = who;
  const words = document.createElement("span");
  words.className = kind;
  words.textContent = text;
  line.append(name, words);
  element("log").append(line);
  line.scrollIntoView({block: "nearest"});
  return words;
}

function request(text) {
  const common = {model: model.id, stream: true, max_tokens: Number(element("most").value),
                  temperature: Number(element("temperature").value)};
  return model.chat ? ["v1/chat/completions", {...common, messages}] : ["v1/completions", {...common, prompt: text}];
}

async function answer(text) {
  messages.push({role: "user", content: text});
  say(model.chat ? "you" : "the text", text);
  const words = say(model.id, "");
  answering = new AbortController();
  element("send").disabled = true;
  element("stop").disabled = false;
  try {
    const [path, body] = request(text);
    const response = await ask(path, {method: "POST", headers: {"Content-Type": "application/json"},
                                      body: JSON.stringify(body), signal: answering.signal});
    for await (const event of events(response)) {
      if (event === "[DONE]") break;
      const chunk = JSON.parse(event);
      if (chunk.error) throw new Error(chunk.error.message);
      const choice = chunk.choices[0];
      words.textContent += (model.chat ? choice.delta.content : choice.text) || "";
      element("log").scrollTop = element("log").scrollHeight;
    }
    messages.push({role: "assistant", content: words.textContent});
  } catch (error) {
    if (error.name !== "AbortError") say("error", error.message, "wrong");
    // A turn that was stopped counts as far as it came; one without an answer is taken back.
    if (words.textContent) messages.push({role: "assistant", content: words.textContent});
    else messages.pop();
  } finally {
    answering = null;
    element("send").disabled = false;
    element("stop").disabled = true;
  }
}

function stop() {
  if (answering) answering.abort();
}

element("ask").addEventListener("submit", event => {
  event.preventDefault();
  const text = element("words").value;
  if (answering || !model || !text.trim()) return;
  element("words").value = "";
  answer(text);
});
element("words").addEventListener("keydown", event => {
  if (event.key === "Enter" && !event.shiftKey && !event.isComposing) {
    event.preventDefault();
    element("ask").requestSubmit();
  }
});
document.addEventListener("keydown", event => {
  if (event.key === "Escape") stop();
});
element("stop").addEventListener("click", stop);
element("reset").addEventListener("click", () => {
  stop();
  messages.length = 0;
  element("log").replaceChildren();
  element("words").focus();
});

// ---- charts ----

const colour = name => getComputedStyle(document.documentElement).getPropertyValue(`--${name}`).trim();
const decibels = ratio => ratio > 0 ? 10 * Math.log10(ratio) : null;
const charts = {};

function chart(id, type, labels, names, options = {}) {
  charts[id] = new Chart(element(id), {
    type,
    data: {labels, datasets: names.map(name => ({label: name, data: [], fill: Boolean(options.stacked)}))},
    options: {
      animation: false, maintainAspectRatio: false, events: [],
      elements: {point: {radius: 0}, line: {borderWidth: 1.5}},
      scales: {x: {ticks: {display: type === "bar", maxTicksLimit: 12, maxRotation: 0}, grid: {display: false}},
               y: {stacked: Boolean(options.stacked), beginAtZero: type === "line" && !options.decibels}},
      plugins: {legend: {display: names.length > 1, labels: {boxWidth: 12}}}},
  });
}

function paint() {
  Chart.defaults.color = colour("faint");
  for (const one of Object.values(charts)) {
    one.data.datasets.forEach((set, i) => {
      set.borderColor = set.backgroundColor = colour(`series-${1 + i % 6}`);
    });
    for (const scale of Object.values(one.options.scales)) {
      scale.ticks.color = colour("faint");
      scale.grid.color = colour("line");
    }
    one.options.plugins.legend.labels.color = colour("faint");
    one.update();
  }
}

function make_charts(parts) {
  chart("parts-chart", "line", [], parts, {stacked: true});
  chart("sites-chart", "bar", [], ["NMSE"]);
  chart("nmse-chart", "line", [], ["NMSE"], {decibels: true});
  chart("speed-chart", "line", [], ["tokens a second"]);
  paint();
}

function add_point(id, label, values) {
  const {data} = charts[id];
  data.labels.push(label);
  data.datasets.forEach((set, i) => set.data.push(values[i]));
  if (data.labels.length > most_points) {
    data.labels.shift();
    data.datasets.forEach(set => set.data.shift());
  }
  charts[id].update();
}

function describe(id, text) {
  element(id).setAttribute("aria-label", text);
}

// ---- figures ----

const number = (value, digits = 3) => Number(value).toLocaleString("en", {maximumSignificantDigits: digits});
const milliseconds = value => `${number(value * 1e3)} ms`;
const decibels_text = value => value === null ? "exact" : `${value.toFixed(1)} dB`;

function show_devices(devices) {
  element("devices").replaceChildren(...devices.map(device => {
    const row = document.createElement("tr");
    row.className = device.is_there ? "" : "gone";
    const state = device.state ? [device.is_there ? device.state : "away"] : [];
    for (const text of [device.name, `${number(100 * device.share)} %`, `${number(1e3 * device.power_w)} mW`,
                        `${number(1e3 * device.max_power_w)} mW`, ...state]) {
      const cell = document.createElement("td");
      cell.textContent = text;
      row.append(cell);
    }
    return row;
  }));
}

let shown_tokens = -1;

function show(figures) {
  element("scheme").textContent = figures.scheme;
  element("tokens").textContent = figures.tokens;
  element("waiting").textContent = figures.waiting;
  if (!figures.is_simulated) {
    element("time-title").textContent = "time a token";
    element("power-title").textContent = "power of its last burst";
    element("state-title").hidden = false;
  }
  element("sites").hidden = figures.site_nmse.length === 0;
  show_devices(figures.devices);
  if (figures.tokens === 0 || figures.tokens === shown_tokens) return;
  shown_tokens = figures.tokens;
  if (!charts["parts-chart"]) make_charts(figures.parts.map(part => part.name));
  const total_s = figures.parts.reduce((sum, part) => sum + part.s_per_token, 0);
  const nmse = decibels(figures.nmse);
  const sites = figures.site_nmse.map(decibels);
  element("speed").textContent = number(figures.tokens_per_s);
  element("time").textContent = milliseconds(total_s);
  element("nmse").textContent = decibels_text(nmse);
  add_point("parts-chart", figures.tokens, figures.parts.map(part => 1e3 * part.s_per_token));
  add_point("nmse-chart", figures.tokens, [nmse]);
  add_point("speed-chart", figures.tokens, [figures.tokens_per_s]);
  charts["sites-chart"].data.labels = sites.map((_, site) => site);
  charts["sites-chart"].data.datasets[0].data = sites;
  charts["sites-chart"].update();
  describe("parts-chart", figures.parts.map(part => `${part.name} ${milliseconds(part.s_per_token)}`).join(", "));
  describe("sites-chart", `NMSE by site: ${sites.map(decibels_text).join(", ")}`);
  describe("nmse-chart", `NMSE ${decibels_text(nmse)}`);
  describe("speed-chart", `${number(figures.tokens_per_s)} tokens a second`);
}

function tell(text, is_lost) {
  element("connection").textContent = text;
  element("connection").className = is_lost ? "lost" : "";
}

let watching = null;

async function watch() {
  if (watching) return;
  watching = new AbortController();
  try {
    if (!model) await meet();
    const response = await ask("live", {signal: watching.signal});
    tell("connected", false);
    for await (const event of events(response)) show(JSON.parse(event));
    tell("the server has ended", true);
  } catch (error) {
    if (error.name !== "AbortError") tell(error.message, true);
  } finally {
    watching = null;
  }
  // A page that nobody sees asks for nothing.
  if (!document.hidden && element("token-form").hidden) setTimeout(watch, 2000);
}

async function meet() {
  model = (await (await ask("v1/models")).json()).data[0];
  element("model").textContent = model.id;
  if (model.chat) return;
  element("talk-title").textContent = "Text";
  element("words-label").textContent = "This model has not learned to chat: a text for it to go on with";
}

document.addEventListener("visibilitychange", () => {
  if (document.hidden) watching?.abort();
  else watch();
});
element("token-form").addEventListener("submit", event => {
  event.preventDefault();
  sessionStorage.setItem("token", element("token").value);
  element("token-form").hidden = true;
  watch();
});
matchMedia("(prefers-color-scheme: dark)").addEventListener("change", paint);
watch();
