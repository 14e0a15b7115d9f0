const greeting = document.querySelector('#greeting');
const said = document.querySelector('#said');
const form = document.querySelector('#say');
let socket;
let attempts = 0;

form.addEventListener('submit', (event) => {
  event.preventDefault();
  if (socket.readyState !== WebSocket.OPEN) return;
  socket.send(JSON.stringify({ type: 'say', text: form.elements.text.value }));
  form.reset();
});

connect();

function connect() {
  const address = new URL('/room', location.href);
  address.protocol = address.protocol.replace('http', 'ws');
  socket = new WebSocket(address);
  socket.addEventListener('message', ({ data }) => receive(JSON.parse(data)));
  socket.addEventListener('close', ({ code }) => leave(code));
}

function receive(message) {
  switch (message.type) {
    case 'welcome':
      attempts = 0;
      greeting.textContent = `Hello, ${message.name}`;
      break;
    case 'said': {
      const line = document.createElement('li');
      line.textContent = `${message.by}: ${message.text}`;
      said.append(line);
      break;
    }
  }
}

function leave(code) {
  greeting.textContent = 'Connecting…';
  // Logged out, here or in another tab; or the session has ended. The server knows the way.
  if (code === 4401) {
    location.assign('/login');
    return;
  }
  attempts += 1;
  // Later each time and spread out, so that a server that comes back is not run over.
  const pause = Math.random() * Math.min(30_000, 500 * 2 ** attempts);
  setTimeout(comeBack, pause);
}

/** A refusal before the upgrade has no code that a page may see: the room itself says where to go. */
async function comeBack() {
  const answer = await fetch('/', { method: 'HEAD' }).catch(() => undefined);
  if (answer?.redirected) location.assign('/login');
  else connect();
}
