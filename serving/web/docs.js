"use strict";

// The page is at docs, so that addresses stand beside it, under whatever prefix a proxy has put.
const JSON_TYPE = "application/json";
const FILE_TYPE = "multipart/form-data";

function make(tag, properties = {}, ...children) {
  const element = Object.assign(document.createElement(tag), properties);
  element.append(...children);
  return element;
}

/** The variants that a field's schema allows: the first is the one that the field is meant to be. */
function variants(schema) {
  return schema.anyOf ?? [schema];
}

function control(name, schema, required) {
  const [kind, ...others] = variants(schema);
  if (kind.contentMediaType === "application/octet-stream") {
    return make("input", { type: "file", name, required });
  }
  if (kind.enum) {
    const choices = required ? kind.enum : ["", ...kind.enum];
    return make("select", { name, required }, ...choices.map((choice) => new Option(choice)));
  }
  if (kind.type === "boolean") {
    return make("input", { type: "checkbox", name });
  }
  if (kind.type === "integer" || kind.type === "number") {
    const step = kind.type === "integer" ? 1 : "any";
    const limits = { min: kind.minimum ?? "", max: kind.maximum ?? "" };
    return make("input", { type: "number", name, step, required, ...limits });
  }
  const long = name === "q" || kind.type === "object" || others.some((one) => one.type === "array");
  return long
    ? make("textarea", { name, required, rows: 3 })
    : make("input", { type: "text", name, required });
}

function field(name, schema, required) {
  const input = control(name, schema, required);
  const label = make("label", {}, required ? `${name} (required)` : name, input);
  return make("div", {}, label, make("small", { textContent: schema.description ?? "" }));
}

/** What stands in a control, as JSON; undefined where nothing does. */
function value(input, schema) {
  const [kind] = variants(schema);
  if (kind.type === "boolean") {
    return input.checked || undefined;
  }
  if (input.value === "") {
    return undefined;
  }
  if (kind.type === "integer" || kind.type === "number") {
    return input.valueAsNumber;
  }
  return kind.type === "object" ? JSON.parse(input.value) : input.value;
}

function requestBody(form, content) {
  if (content?.[FILE_TYPE]) {
    const data = new FormData();
    for (const name of Object.keys(content[FILE_TYPE].schema.properties)) {
      const input = form.elements[name];
      const given = input.type === "file" ? input.files[0] : input.value;
      if (given) {
        data.append(name, given);
      }
    }
    return { body: data };
  }
  if (content?.[JSON_TYPE]) {
    const properties = Object.entries(content[JSON_TYPE].schema.properties);
    const fields = properties.map(([name, schema]) => [name, value(form.elements[name], schema)]);
    const body = JSON.stringify(Object.fromEntries(fields));
    return { body, headers: { "Content-Type": JSON_TYPE } };
  }
  return {};
}

function readable(text, type) {
  return type.startsWith(JSON_TYPE) ? JSON.stringify(JSON.parse(text), null, 2) : text;
}

async function send(form, path, method, operation) {
  const { body, headers = {} } = requestBody(form, operation.requestBody?.content);
  if (operation.security && form.elements.token.value) {
    headers.Authorization = `Bearer ${form.elements.token.value}`;
  }
  let address = path.slice(1);
  for (const { name } of operation.parameters ?? []) {
    address = address.replace(`{${name}}`, encodeURIComponent(form.elements[name].value));
  }
  const began = performance.now();
  const response = await fetch(address, { method: method.toUpperCase(), body, headers });
  const text = await response.text();
  const took = Math.round(performance.now() - began);
  const told = ["Content-Type", "Retry-After", "X-Request-ID"]
    .filter((name) => response.headers.has(name))
    .map((name) => `${name}: ${response.headers.get(name)}\n`);
  const type = response.headers.get("Content-Type") ?? "";
  return `${response.status}, ${took} ms\n${told.join("")}\n${readable(text, type)}`;
}

function fields(operation) {
  const content = operation.requestBody?.content ?? {};
  const schema = (content[FILE_TYPE] ?? content[JSON_TYPE])?.schema ?? {};
  const required = schema.required ?? [];
  return [
    ...(operation.parameters ?? []).map(({ name, schema }) => field(name, schema, true)),
    ...Object.entries(schema.properties ?? {}).map(([name, one]) =>
      field(name, one, required.includes(name)),
    ),
    ...(operation.security ? [field("token", { type: "string" }, false)] : []),
  ];
}

function statuses(operation, components) {
  const rows = Object.entries(operation.responses).map(([status, response]) => {
    const { description } = response.$ref
      ? components.responses[response.$ref.split("/").at(-1)]
      : response;
    return make("li", { textContent: `${status}: ${description}` });
  });
  return make("ul", {}, ...rows);
}

function section(path, method, operation, components) {
  const answer = make("pre", { role: "status" });
  const form = make("form", {}, ...fields(operation), make("button", { textContent: "Send" }));
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    answer.textContent = "…";
    try {
      answer.textContent = await send(form, path, method, operation);
    } catch (error) {
      answer.textContent = `This could not be sent: ${error.message}`;
    }
  });
  const title = make("code", { textContent: `${method.toUpperCase()} ${path}` });
  const summary = make("summary", {}, title, ` ${operation.summary}`);
  return make("details", {}, summary, statuses(operation, components), form, answer);
}

async function show() {
  const main = document.getElementById("operations");
  try {
    const specification = await (await fetch("spec")).json();
    for (const [path, methods] of Object.entries(specification.paths)) {
      for (const [method, operation] of Object.entries(methods)) {
        main.append(section(path, method, operation, specification.components));
      }
    }
  } catch {
    main.append("The document could not be read. Is the service still there?");
  }
}

show();
