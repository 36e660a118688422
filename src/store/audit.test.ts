/** The text of an audit row is the JSON of its fields, whatever stands in them. */
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { type AuditDraft, auditText } from './audit.ts';

const text = fc.string({ unit: 'binary', maxLength: 12 });

it('is what JSON.stringify makes of the fields in their order, frozen asker or not', () => {
  const actor = fc.record({ id: text, name: text, role: text, organisation: text });
  const draft = fc.record({
    at: fc.integer(),
    action: fc.constant('read'),
    actor: fc.oneof(actor, actor.map(Object.freeze)),
    purpose: text,
    requestId: text,
    targets: fc.array(text),
    persons: fc.array(text),
    outcome: fc.constant('ok'),
    detail: fc.option(fc.dictionary(text, fc.oneof(text, fc.integer())), { nil: undefined }),
  }) as unknown as fc.Arbitrary<AuditDraft>;
  fc.assert(
    fc.property(draft, (one) => {
      const { id, name, role, organisation } = one.actor;
      const expected = JSON.stringify({ ...one, actor: { id, name, role, organisation } });
      expect([auditText(one), auditText(one)]).toEqual([expected, expected]);
    }),
    { seed: 20261124, numRuns: 500 },
  );
});

it('of an asker that carries more names nothing of that', () => {
  const actor = { id: 'a', name: 'A', role: 'gp', organisation: 'RX1', patient: 'p' };
  const draft = { at: 1, action: 'read', actor, purpose: 'care', requestId: 'r', targets: [], persons: [] };
  expect(auditText({ ...draft, outcome: 'ok' } as unknown as AuditDraft)).not.toContain('patient');
});
