/** A project whose page is written in Gleam, with Lustre. */
import { APP, type Files, manifestOf, MESSAGES, SERVER, STYLE, TEST, TSCONFIG } from './common.ts';
import { PAGE_MESSAGES } from './lustre-messages.ts';

const PAGE = `/** Serves the page as Gleam compiled it: \`npm run page\`. */
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import express, { Router } from 'express';

const folder = fileURLToPath(new URL('../page/', import.meta.url));
const built = \`\${folder}build/dev/javascript\`;
const TO_DO =
  '<!doctype html><title>Notes</title><p>The page is not compiled yet: <code>npm run page</code>';

export const page: Router = Router();
page.get('/', (_request, response) => {
  if (existsSync(\`\${built}/page/page.mjs\`)) response.sendFile(\`\${folder}index.html\`);
  else response.type('html').send(TO_DO);
});
page.get('/style.css', (_request, response) => response.sendFile(\`\${folder}style.css\`));
page.use('/build', express.static(built));
`;

const GLEAM_TOML = `name = "page"
version = "0.0.0"
target = "javascript"

[dependencies]
gleam_stdlib = ">= 0.60.0 and < 2.0.0"
gleam_json = ">= 3.0.0 and < 4.0.0"
lustre = ">= 5.3.2 and < 6.0.0"
omnimessage_lustre = ">= 0.3.0 and < 0.4.0"
# It comes with the server's package: npm install first.
express_omnimessage = { path = "../node_modules/express-omnimessage/gleam" }
`;

const PAGE_GLEAM = `//// The page: shows the notes, and sends what is written. Without a connection
//// it keeps what is sent until there is one again.

import express_omnimessage/transport
import gleam/json
import gleam/list
import lustre
import lustre/attribute
import lustre/effect.{type Effect}
import lustre/element.{type Element}
import lustre/element/html
import lustre/event
import messages.{type FromClient, type FromServer, type Note}
import omnimessage/lustre as omnimessage
import omnimessage/lustre/transports.{type TransportState}

pub type Model {
  Model(notes: List(Note), text: String, is_up: Bool)
}

pub type Msg {
  ToServer(FromClient)
  ToPage(FromServer)
  UserTyped(String)
  UserSubmitted
  TransportChanged(TransportState(json.DecodeError))
}

pub fn main() {
  let codec =
    omnimessage.EncoderDecoder(
      encode: fn(msg) {
        case msg {
          ToServer(message) ->
            Ok(json.to_string(messages.from_client_to_json(message)))
          // Everything else stays in the page.
          _ -> Error(Nil)
        }
      },
      decode: fn(text) {
        case json.parse(text, messages.from_server_decoder()) {
          Ok(message) -> Ok(ToPage(message))
          Error(error) -> Error(error)
        }
      },
    )
  let app =
    omnimessage.application(
      init,
      update,
      view,
      codec,
      transport.websocket("/omni-ws"),
      TransportChanged,
    )
  let assert Ok(_) = lustre.start(app, "#app", Nil)
  Nil
}

fn init(_) -> #(Model, Effect(Msg)) {
  #(Model(notes: [], text: "", is_up: False), effect.none())
}

fn update(model: Model, msg: Msg) -> #(Model, Effect(Msg)) {
  case msg {
    ToPage(messages.Notes(notes:)) -> #(Model(..model, notes:), effect.none())
    ToPage(messages.Added(note:)) -> #(
      Model(..model, notes: list.append(model.notes, [note])),
      effect.none(),
    )
    ToServer(_) -> #(model, effect.none())
    UserTyped(text) -> #(Model(..model, text:), effect.none())
    UserSubmitted if model.text == "" -> #(model, effect.none())
    UserSubmitted -> #(
      Model(..model, text: ""),
      dispatch(ToServer(messages.Add(text: model.text))),
    )
    TransportChanged(transports.TransportUp) -> #(
      Model(..model, is_up: True),
      dispatch(ToServer(messages.Fetch)),
    )
    TransportChanged(transports.TransportDown(..)) -> #(
      Model(..model, is_up: False),
      effect.none(),
    )
    // It is not tried again, a message failed, or a newer server says what this
    // page does not know.
    TransportChanged(transports.TransportError(_)) -> #(model, effect.none())
  }
}

fn dispatch(msg: Msg) -> Effect(Msg) {
  use dispatch <- effect.from
  dispatch(msg)
}

fn view(model: Model) -> Element(Msg) {
  html.main([], [
    html.h1([], [html.text("Notes")]),
    html.form([event.on_submit(fn(_) { UserSubmitted })], [
      html.input([
        attribute.aria_label("A note"),
        attribute.maxlength(200),
        attribute.value(model.text),
        event.on_input(UserTyped),
      ]),
      html.button([], [html.text("Add")]),
    ]),
    html.ul(
      [],
      list.map(model.notes, fn(note) { html.li([], [html.text(note.text)]) }),
    ),
    html.output([], [
      html.text(case model.is_up {
        True -> "Connected"
        False -> "Not connected"
      }),
    ]),
  ])
}
`;

const HTML = `<!doctype html>
<html lang="en">
  <head>
    <meta charset="utf-8" />
    <meta name="viewport" content="width=device-width" />
    <title>Notes</title>
    <link rel="icon" href="data:," />
    <link rel="stylesheet" href="/style.css" />
    <script type="module">
      import { main } from '/build/page/page.mjs';
      main();
    </script>
  </head>
  <body>
    <div id="app"></div>
  </body>
</html>
`;

const readme = (name: string): string => `# ${name}

An Express server in TypeScript and a page in Gleam that talk by typed messages.

\`\`\`sh
npm install
npm run page   # compiles the page; this needs Gleam (https://gleam.run)
npm start      # http://localhost:8000; open it in two windows
npm test
\`\`\`

\`src/messages.ts\` is the one definition of what travels. After a change of it:

\`\`\`sh
npm run messages   # writes page/src/messages.gleam anew
npm run page       # the compiler shows what has to change
\`\`\`

| file                      | what it is                                           |
| ------------------------- | ---------------------------------------------------- |
| \`src/messages.ts\`         | what travels: the one definition of both sides       |
| \`src/app.ts\`              | the server: a handler, HTTP and WebSocket, and a hub |
| \`page/src/messages.gleam\` | Gleam's types and codecs, written from the messages  |
| \`page/src/page.gleam\`     | the page                                             |
`;

/** The files of a project. */
export function lustreProject(name: string, version: string): Files {
  const scripts = {
    start: 'tsx src/server.ts',
    test: 'node --import tsx --test test/app.test.ts',
    messages: 'express-omnimessage gleam src/messages.ts --out page/src/messages.gleam',
    page: 'cd page && gleam build',
    types: 'tsc',
  };
  return {
    'package.json': manifestOf({ name, version, scripts }),
    'tsconfig.json': TSCONFIG,
    '.gitignore': 'node_modules\npage/build\n',
    'README.md': readme(name),
    'src/messages.ts': MESSAGES,
    'src/app.ts': APP,
    'src/page.ts': PAGE,
    'src/server.ts': SERVER,
    'page/gleam.toml': GLEAM_TOML,
    'page/index.html': HTML,
    'page/style.css': STYLE,
    'page/src/messages.gleam': PAGE_MESSAGES,
    'page/src/page.gleam': PAGE_GLEAM,
    'test/app.test.ts': TEST,
  };
}
