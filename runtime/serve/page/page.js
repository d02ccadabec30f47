// SPDX-License-Identifier: GPL-3.0-or-later
// The page of a run: figures as they come, and a chat through the server's own endpoint, or the text that is written.
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

// Where real and imaginary parts have the same length on the screen.
function make_radio_charts(devices) {
  charts["symbols-chart"] = new Chart(element("symbols-chart"), {
    type: "scatter",
    data: {datasets: [{label: "symbols", data: [], pointRadius: 1.6},
                      {label: "expected rms", data: [], showLine: true, pointRadius: 0, borderWidth: 1.5}]},
    options: {
      animation: false, maintainAspectRatio: false, events: [],
      scales: {x: {ticks: {maxTicksLimit: 5, maxRotation: 0}}, y: {ticks: {maxTicksLimit: 5}}},
      plugins: {legend: {display: false, labels: {}}}},
  });
  chart("power-chart", "line", [], devices.map(device => device.name));
  paint();
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

// What a table says of a device: a column's title, and its text.
const columns = [
  ["device", device => device.name],
  ["share", device => `${number(100 * device.share)} %`],
  ["power", device => `${number(1e3 * device.power_w)} mW`],
  ["may have", device => `${number(1e3 * device.max_power_w)} mW`],
];
const radio_columns = [
  ["SNR", ({radio}) => `${radio.snr_db.toFixed(1)} dB`],
  ["EVM", ({radio}) => radio.evm === null ? "–" : `${(100 * radio.evm).toFixed(1)} %`],
  ["header SNR", ({radio}) => `${radio.header_snr_db.toFixed(1)} dB`],
  ["offset", ({radio}) => `${radio.offset_hz.toFixed(1)} Hz`],
  ["phase", ({radio}) => `${(180 / Math.PI * radio.phase_rad).toFixed(1)}°`],
  ["condition", ({radio}) => `${radio.condition_db.toFixed(1)} dB`],
  ["bursts", ({radio}) => radio.bursts],
  ["late", ({radio}) => radio.late],
  ["underflows", ({radio}) => radio.underflows],
  ["other troubles", ({radio}) => radio.sequence_errors + radio.unacknowledged + radio.refused],
];
const link_columns = [
  ["lost", device => `${device.losses} ×`],
  ["link", device => device.is_there ? device.state : "away"],
];
const counts_of_trouble = new Set(["late", "underflows", "other troubles"]);

function cell(kind, text) {
  const made = document.createElement(kind);
  made.textContent = text;
  return made;
}

function make_table(shown, devices) {
  element("columns").replaceChildren(...shown.map(([title]) => {
    const head = cell("th", title);
    head.scope = "col";
    return head;
  }));
  element("devices").replaceChildren(...devices.map(() => {
    const row = document.createElement("tr");
    row.append(...shown.map(() => cell("td", "")));
    return row;
  }));
}

// Cells stay: what somebody has marked or a screen reader is at does not go away.
function show_devices(devices) {
  const shown = [...columns, ...(devices.some(device => device.radio) ? radio_columns : []),
                 ...(devices.some(device => device.state) ? link_columns : [])];
  const rows = element("devices").rows;
  if (rows.length !== devices.length || element("columns").cells.length !== shown.length) make_table(shown, devices);
  devices.forEach((device, n) => {
    rows[n].className = device.is_there ? "" : "gone";
    shown.forEach(([title, text], i) => {
      const one = rows[n].cells[i], words = String(text(device));
      if (one.textContent !== words) one.textContent = words;
      one.className = counts_of_trouble.has(title) && words !== "0" ? "trouble" : "";
    });
  });
}

function show_symbols(air) {
  const one = charts["symbols-chart"];
  const radius = air.symbol_rms;
  one.data.datasets[0].data = air.symbols.map(([x, y]) => ({x, y}));
  one.data.datasets[1].data = Array.from({length: 65}, (_, i) =>
      ({x: radius * Math.cos(i * Math.PI / 32), y: radius * Math.sin(i * Math.PI / 32)}));
  for (const scale of Object.values(one.options.scales)) [scale.min, scale.max] = [-3 * radius, 3 * radius];
  one.update();
  const mean = air.symbols.reduce((sum, [x, y]) => sum + x * x + y * y, 0) / air.symbols.length;
  describe("symbols-chart", `${air.symbols.length} symbols of rms ${number(Math.sqrt(mean))}, expected ${number(radius)}`);
}

function show_air(air, devices, tokens, is_new) {
  element("condition").textContent = `${air.condition_db.toFixed(1)} dB`;
  element("soundings").textContent = air.soundings;
  element("repeated").textContent = air.repeated_rounds;
  element("sites-title").textContent = `NMSE of each site's last sum, ${air.is_measured ? "measured" : "expected"}`;
  if (air.symbols.length === 0) return;
  element("evm").textContent = `${(100 * air.evm).toFixed(1)} %`;
  for (const part of document.querySelectorAll(".of-radios")) part.hidden = false;
  if (!charts["symbols-chart"]) make_radio_charts(devices);
  show_symbols(air);
  if (!is_new) return;
  add_point("power-chart", tokens, devices.map(device => device.is_there ? 1e3 * device.power_w : null));
  describe("power-chart", devices.map(device => `${device.name} ${number(1e3 * device.power_w)} mW`).join(", "));
}

let shown_events = "";

function show_events(events) {
  const now = JSON.stringify(events);
  if (now === shown_events) return;
  shown_events = now;
  element("events-section").hidden = events.length === 0;
  element("events").replaceChildren(...events.map(event => {
    const line = document.createElement("li");
    line.className = event.is_warning ? "warning" : "";
    line.append(cell("time", `${event.at_s.toFixed(1)} s`), event.text);
    return line;
  }));
  element("events").scrollTop = element("events").scrollHeight;
}

let written = null;

// The text of a run that answers nobody.
function show_text(text) {
  if (!written) {
    element("talk-title").textContent = "The text, as it is written";
    element("ask").hidden = element("waiting-item").hidden = true;
    written = say("", "");
  }
  if (written.textContent === text) return;
  written.textContent = text;
  element("log").scrollTop = element("log").scrollHeight;
}

function show_sites(ratios) {
  element("sites").hidden = ratios.length === 0;
  const sites = ratios.map(decibels);
  charts["sites-chart"].data.labels = sites.map((_, site) => site);
  charts["sites-chart"].data.datasets[0].data = sites;
  charts["sites-chart"].update();
  describe("sites-chart", `NMSE by site: ${sites.map(decibels_text).join(", ")}`);
}

let shown_tokens = -1;

function show(figures) {
  if (!figures.answers) show_text(figures.text);
  element("model").textContent = figures.model;
  element("scheme").textContent = figures.scheme;
  element("phase").textContent = figures.phase ? `: ${figures.phase}` : "";
  element("tokens").textContent = figures.tokens;
  element("waiting").textContent = figures.waiting;
  if (!figures.is_simulated) {
    element("time-title").textContent = "time a token";
    element("power-title").textContent = "power of its last burst, which may be above what it may have as a mean";
  }
  const is_new = figures.tokens > 0 && figures.tokens !== shown_tokens;
  show_devices(figures.devices);
  show_events(figures.events);
  if (is_new && !charts["parts-chart"]) make_charts(figures.parts.map(part => part.name));
  if (figures.air) show_air(figures.air, figures.devices, figures.tokens, is_new);
  if (!is_new) return;
  shown_tokens = figures.tokens;
  const total_s = figures.parts.reduce((sum, part) => sum + part.s_per_token, 0);
  const nmse = decibels(figures.nmse);
  element("speed").textContent = number(figures.tokens_per_s);
  element("time").textContent = milliseconds(total_s);
  element("nmse").textContent = decibels_text(nmse);
  add_point("parts-chart", figures.tokens, figures.parts.map(part => 1e3 * part.s_per_token));
  add_point("nmse-chart", figures.tokens, [nmse]);
  add_point("speed-chart", figures.tokens, [figures.tokens_per_s]);
  show_sites(figures.site_nmse);
  describe("parts-chart", figures.parts.map(part => `${part.name} ${milliseconds(part.s_per_token)}`).join(", "));
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
    const response = await ask("live", {signal: watching.signal});
    for await (const event of events(response)) {
      const figures = JSON.parse(event);
      if (figures.answers && !model) await meet();
      show(figures);
      tell("connected", false);
    }
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
