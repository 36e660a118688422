/**
 * The source systems' end of MLLP against a slow server: each message gets its own answer, in the character
 * set that it states.
 */
import { type AddressInfo, createServer, type Socket } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { acknowledgement, MllpClient } from './mllp-client.ts';

const messageOf = (id: string, charset = 'UNICODE UTF-8', name = 'Zoë'): string =>
  `MSH|^~\\&|PAS|RX1|OPENWARD|RX1|20261118||ADT^A28|${id}|P|2.4||||||${charset}\rPID|||||${name}\r`;
const closing: (() => void)[] = [];
afterEach(() => {
  for (const close of closing.splice(0)) close();
});

/** Answers each message by `code`, one at a time and some turns of the loop later. */
async function server(code: (id: string) => string): Promise<{ client: MllpClient; received: Buffer[] }> {
  const received: Buffer[] = [];
  const onSocket = (socket: Socket): void => {
    socket.on('data', (chunk) => {
      received.push(chunk);
      const id = chunk.toString('latin1').split('|')[9] ?? '';
      setImmediate(() => socket.write(`\u000bMSH|^~\\&\rMSA|${code(id)}|${id}\r\u001c\r`));
    });
  };
  const listening = createServer(onSocket);
  await new Promise<void>((resolve) => listening.listen(0, '127.0.0.1', resolve));
  const client = new MllpClient({ host: '127.0.0.1', port: (listening.address() as AddressInfo).port });
  closing.push(
    () => client.close(),
    () => listening.close(),
  );
  return { client, received };
}

describe('MllpClient', () => {
  it('gives each of many messages its own answer, one after the other', async () => {
    const { client, received } = await server((id) => (id === '7' ? 'AE' : 'AA'));
    const ids = Array.from({ length: 20 }, (_, i) => String(i));
    const answers = await Promise.all(ids.map((id) => client.send(messageOf(id))));
    expect(answers.map(acknowledgement)).toEqual(ids.map((id) => (id === '7' ? 'AE' : 'AA')));
    expect(received.map((chunk) => chunk.toString().split('|')[9])).toEqual(ids);
  });

  it('writes in the character set of MSH-18', async () => {
    const { client, received } = await server(() => 'AA');
    await client.send(messageOf('1'));
    await client.send(messageOf('2', '8859/1'));
    expect(received[0]?.includes(Buffer.from('Zoë'))).toBe(true);
    expect(received[1]?.includes(Buffer.from('Zoë', 'latin1'))).toBe(true);
  });
});
