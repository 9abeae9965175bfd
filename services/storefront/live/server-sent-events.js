/**
 * Parses server-sent events from chunks of text (WHATWG HTML, 9.2.6). `EventSource` cannot send an `Authorization`
 * header, so streams are read by `fetch`.
 */
export class SSEParser {
  #partialLine = '';
  #event = '';
  /** @type {string[]} */
  #data = [];

  /**
   * @param {string} text
   * @returns {{ event: string, data: string }[]} the events that this chunk completes
   */
  push(text) {
    const lines = (this.#partialLine + text).split(/\r\n|\n|\r(?!$)/);
    this.#partialLine = lines.pop() ?? '';
    return lines.flatMap((line) => this.#parseLine(line));
  }

  /** @param {string} line */
  #parseLine(line) {
    if (line === '') {
      const event = { event: this.#event || 'message', data: this.#data.join('\n') };
      const isEmpty = this.#data.length === 0;
      this.#event = '';
      this.#data = [];
      return isEmpty ? [] : [event];
    }
    const colon = line.indexOf(':');
    const field = colon < 0 ? line : line.slice(0, colon);
    const value = colon < 0 ? '' : line.slice(colon + 1).replace(/^ /, '');
    if (field === 'event') this.#event = value;
    else if (field === 'data') this.#data.push(value);
    return [];
  }
}

/**
 * The events of a response, until it ends.
 * @param {ReadableStream<Uint8Array>} body
 * @param {() => void} onActivity a chunk arrived, heartbeats included
 */
export async function* readEvents(body, onActivity) {
  const reader = body.getReader();
  const decoder = new TextDecoder();
  const parser = new SSEParser();
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return;
    onActivity();
    yield* parser.push(decoder.decode(value, { stream: true }));
  }
}
