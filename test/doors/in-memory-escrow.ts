/** An escrow that keeps documents in memory, with the conditional creation of the real one. */
import { type EscrowCopy, escrowDocument } from '../../domain/secrets/escrow-copy.ts';
import { type EscrowDoor, EscrowError } from '../../doors/escrow.ts';

export interface InMemoryEscrow extends EscrowDoor {
  /** Version id → document. */
  documents: Map<string, string>;
}

export function inMemoryEscrow(): InMemoryEscrow {
  const documents = new Map<string, string>();
  return {
    documents,
    async store(copy: EscrowCopy) {
      const document = escrowDocument(copy);
      const stored = documents.get(copy.versionId) ?? document;
      documents.set(copy.versionId, stored);
      if (stored !== document) {
        throw new EscrowError(`the copy of version ${copy.versionId} differs`);
      }
      return { bytes: Buffer.byteLength(document) };
    },
  };
}
