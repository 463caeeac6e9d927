// A name server for TXT records (RFC 1035), as an organisation's own would answer.
import { createSocket } from 'node:dgram';

export interface Names {
  address: string;
  set: (name: string, text: string) => void;
  stop: () => void;
}

export async function names(): Promise<Names> {
  const records = new Map<string, string>();
  const socket = createSocket('udp4');
  socket.on('message', (query, from) => {
    const labels: string[] = [];
    let at = 12;
    for (let length = query[at]!; length > 0; length = query[at]!) {
      labels.push(query.toString('latin1', at + 1, at + 1 + length).toLowerCase());
      at += 1 + length;
    }
    const text = records.get(labels.join('.'));
    const head = Buffer.from([query[0]!, query[1]!, 0x81, text ? 0x80 : 0x83, 0, 1, 0, text ? 1 : 0, 0, 0, 0, 0]);
    const answer = text ? [Buffer.from([0xc0, 12, 0, 16, 0, 1, 0, 0, 0, 60, 0, text.length + 1, text.length]), Buffer.from(text)] : [];
    socket.send(Buffer.concat([head, query.subarray(12, at + 5), ...answer]), from.port, from.address);
  });
  await new Promise<void>((done) => socket.bind(0, '127.0.0.1', done));
  return { address: `127.0.0.1:${socket.address().port}`, set: (name, text) => records.set(name, text), stop: () => socket.close() };
}
