/**
 * JSON indented for people, from text to text: nothing is parsed, so numbers stay as they are written, and it
 * can be done piece by piece. Every character that matters to JSON is ASCII: the text may be Latin-1 of UTF-8.
 */

const LINE_FEED = '\n';
const INDENT = '  ';

/** Takes one piece after the other; each answer is to be put after the ones before. */
export class PrettyJson {
  #depth = 0;
  #inString = false;
  #escaped = false;
  /** A bracket was opened, and nothing stands in it yet. */
  #opened = false;

  /** The piece, indented. */
  next(text: string): string {
    let out = '';
    let from = 0;
    for (let i = 0; i < text.length; i++) {
      const c = text.charCodeAt(i);
      if (this.#inString) {
        this.#within(c);
        continue;
      }
      if (c <= 0x20) {
        out += text.slice(from, i);
        from = i + 1;
        continue;
      }
      const closes = c === 0x7d || c === 0x5d;
      if (closes) this.#depth--;
      // before what stands first in brackets, and before the bracket that ends them
      if (this.#opened !== closes) {
        out += text.slice(from, i) + this.#newLine();
        from = i;
      }
      this.#opened = c === 0x7b || c === 0x5b;
      if (this.#opened) this.#depth++;
      if (c === 0x22) this.#inString = true;
      else if (c === 0x2c || c === 0x3a) {
        out += text.slice(from, i + 1) + (c === 0x2c ? this.#newLine() : ' ');
        from = i + 1;
      }
    }
    return out + text.slice(from);
  }

  #within(c: number): void {
    if (this.#escaped) this.#escaped = false;
    else if (c === 0x5c) this.#escaped = true;
    else if (c === 0x22) this.#inString = false;
  }

  #newLine(): string {
    return LINE_FEED + INDENT.repeat(this.#depth);
  }
}
