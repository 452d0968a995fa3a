// Follows an event stream as a browser does, and writes down what it sees, one JSON object a line: the events of the
// types given, and what becomes of the connection. It ends when it is told to stay away, or with its input.
const { EventSource } = require('eventsource')

const [url, ...types] = process.argv.slice(2)
const say = (saw, more) => console.log(JSON.stringify({ saw, at: Date.now(), ...more }))

const source = new EventSource(url)
source.onopen = () => say('open')
source.onerror = (e) => {
  if (source.readyState !== EventSource.CLOSED) {
    say('lost')
    return
  }
  say('closed', { code: e.code })
  process.exit(0)
}
for (const type of types) {
  source.addEventListener(type, (e) => say(type, { id: e.lastEventId, data: JSON.parse(e.data) }))
}

process.stdin.resume()
process.stdin.on('end', () => process.exit(0))
