import type { ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import type { RequestHandler } from 'express';
import type { Logger } from '../infrastructure/logger.js';

/** What one connection may leave unread of answers to requests it sent one behind the other, in bytes. */
const maxUnreadBytes = 16 * 2 ** 20;

/** The answers of a connection that are not yet taken by its reader, in the order of the requests. */
type OpenAnswers = Set<ServerResponse>;

/** What the process holds for the reader of these answers. Only the first one has the socket; the others hold their bytes themselves. */
function countUnreadBytes(socket: Socket, answers: OpenAnswers): number {
  let bytes = socket.writableLength;
  for (const answer of answers) if (answer.socket === null) bytes += answer.writableLength;
  return bytes;
}

/** Looks at a connection's unread answers whenever one more is made. */
function watchEnd(res: ServerResponse, look: () => void): void {
  const end = res.end.bind(res) as (...args: unknown[]) => ServerResponse;
  res.end = ((...args: unknown[]) => {
    const ended = end(...args);
    look();
    return ended;
  }) as typeof res.end;
}

/**
 * Ends a connection that asks and does not read. HTTP lets a client send requests without waiting for the answers (RFC 9112 section 9.3.2);
 * each answer is then kept in memory until its turn comes.
 */
export function limitUnreadAnswers(log: Logger): RequestHandler {
  const answersOf = new WeakMap<Socket, OpenAnswers>();
  return (req, res, next) => {
    const { socket } = req;
    const answers = answersOf.get(socket) ?? new Set();
    answersOf.set(socket, answers);
    // A single answer is limited by what makes it.
    if (answers.size > 0) {
      watchEnd(res, () => {
        if (socket.destroyed || countUnreadBytes(socket, answers) <= maxUnreadBytes) return;
        log.warn(
          { ip: req.ip, answers: answers.size },
          'a connection is ended: it does not read its answers',
        );
        socket.destroy();
      });
    }
    answers.add(res);
    res.once('close', () => answers.delete(res));
    next();
  };
}
