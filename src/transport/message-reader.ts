/**
 * What arrives over one channel of a link, as messages: joins the frames, decodes, and sees that
 * every message came in its lane. Throws `FormatError` on anything else.
 */

import { FormatError } from '../node/bytes.ts';
import type { NodeMessage } from '../node/messages.ts';
import type { NodeId } from '../raft/types.ts';
import { decodeMessage } from './codec.ts';
import { FrameReader } from './framing.ts';
import type { Identity } from './handshake.ts';

export class MessageReader {
  readonly #frames: FrameReader;
  readonly #peer: NodeId;
  readonly #self: NodeId;
  readonly #bulkOnly: boolean;

  /** `bulkOnly`: snapshots are all that may come over this channel. */
  constructor({ version, tag, peer }: Identity, self: NodeId, bulkOnly: boolean) {
    this.#frames = new FrameReader(version, tag);
    this.#peer = peer;
    this.#self = self;
    this.#bulkOnly = bulkOnly;
  }

  /** No message: a ping, or a piece of a message that is not whole yet. */
  read(frame: Uint8Array): { isBulk: boolean; messages: readonly NodeMessage[] } {
    const read = this.#frames.read(frame);
    if (read.type === 'ping') return { isBulk: false, messages: [] };
    const isBulk = read.lane === 'bulk';
    if (this.#bulkOnly && !isBulk) throw new FormatError('not a frame for this channel');
    if (read.type === 'piece') return { isBulk, messages: [] };
    const messages = read.messages.map((bytes) => decodeMessage(bytes, this.#peer, this.#self));
    if (messages.some(({ type }) => isBulk !== (type === 'install-snapshot'))) {
      throw new FormatError('a message in the wrong lane');
    }
    return { isBulk, messages };
  }
}
