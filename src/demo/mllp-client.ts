/**
 * A source system's end of MLLP: one connection, one message at a time, made again where it is lost. HL7
 * v2.5.1 appendix C (MLLP).
 */
import { connect, type Socket } from 'node:net';

const END = Buffer.from([0x1c, 0x0d]);

export class MllpClient {
  readonly #address: { readonly host: string; readonly port: number };
  #socket: Socket | undefined;
  /** The message before: one is under way at a time. */
  #before: Promise<unknown> = Promise.resolve();

  constructor(address: { readonly host: string; readonly port: number }) {
    this.#address = address;
  }

  /**
   * Sends one message (segments ended by CR) and gives back the answer's text. Throws where the connection
   * fails or stays silent.
   */
  send(message: string, timeoutMs = 30_000): Promise<string> {
    const answer = this.#before.then(() => this.#exchange(message, timeoutMs));
    this.#before = answer.catch(() => undefined);
    return answer;
  }

  async #exchange(message: string, timeoutMs: number): Promise<string> {
    const socket = this.#socket ?? (await this.#connect());
    return new Promise((resolve, reject) => {
      const chunks: Buffer[] = [];
      const fail = (error: Error): void => {
        settle();
        this.close();
        reject(error);
      };
      const onData = (chunk: Buffer): void => {
        chunks.push(chunk);
        if (!chunk.includes(0x0d)) return;
        const answer = Buffer.concat(chunks);
        if (!answer.subarray(-2).equals(END)) return;
        settle();
        resolve(answer.subarray(1, -2).toString());
      };
      const onClose = (): void => fail(new Error('the connection was closed before the answer'));
      const timer = setTimeout(() => fail(new Error(`no answer within ${timeoutMs} ms`)), timeoutMs);
      const settle = (): void => {
        clearTimeout(timer);
        socket.off('data', onData).off('error', fail).off('close', onClose);
      };
      socket.on('data', onData).once('error', fail).once('close', onClose);
      socket.write(Buffer.concat([Buffer.from([0x0b]), encoded(message), END]));
    });
  }

  close(): void {
    this.#socket?.destroy();
    this.#socket = undefined;
  }

  #connect(): Promise<Socket> {
    return new Promise((resolve, reject) => {
      const socket = connect(this.#address);
      socket.once('error', reject);
      socket.once('connect', () => {
        socket.off('error', reject);
        socket.on('error', () => socket.destroy());
        socket.once('close', () => {
          if (this.#socket === socket) this.#socket = undefined;
        });
        socket.setNoDelay(true);
        this.#socket = socket;
        resolve(socket);
      });
    });
  }
}

/** The bytes of a message in the character set that its MSH-18 states. HL7 table 0211. */
function encoded(message: string): Buffer {
  const header = message.split('\r', 1)[0] ?? '';
  return Buffer.from(message, header.split('|')[17] === '8859/1' ? 'latin1' : 'utf8');
}

/** MSA-1 of an answer; empty where it has none. */
export function acknowledgement(answer: string): string {
  return /(?:^|\r)MSA\|([A-Z]{2})/.exec(answer)?.[1] ?? '';
}
