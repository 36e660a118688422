/**
 * The rules: who may do what at one organisation's node. Pure: facts in, decision out, nothing looked up
 * here. Deny by default; a role that nobody thought of does not compile. What is permitted is a Scope, which
 * the store pushes into every query. What another organisation may have is in share-policy.
 */
import { unreachable } from '../base/assert.ts';
import type { Id, OdsCode } from '../base/brands.ts';
import type { ResourceType } from '../fhir/resource.ts';
import { type Scope, wholeScope } from '../store/scope.ts';
import type { Asker, Role } from './actor.ts';
import { DIRECTORY_TYPES, PERSONAS, type PersonaRow, REFERENCED_TYPES } from './personas.ts';

/** The kinds of rule that a refusal names; `quarantine` is the network's. */
export type Rule = 'role' | 'label' | 'consent' | 'identity';

export interface Refusal {
  readonly kind: 'refuse';
  readonly rule: Rule;
  /** Plain words for the asker: what is refused and what to do instead. Names no person. */
  readonly text: string;
}

export type Decision = { readonly kind: 'permit'; readonly scope: Scope } | Refusal;

export interface Question {
  readonly asker: Asker;
  /** The organisation whose node is asked. */
  readonly at: OdsCode;
  /**
   * `record`: to read the whole record of people, and with it what it refers to. `audit`: to see who looked at a
   * person's record. `feeds`: to see how feeds stand and what they refused, and to settle it; `messages`: to see the
   * messages themselves as they came, and to speak for a feed; `import`: to bring in files.
   */
  readonly action: 'read' | 'record' | 'write' | 'changes' | 'audit' | 'feeds' | 'messages' | 'import';
  /**
   * The type that is read, searched or written; left out where the act spans types (a whole record, a history
   * of all, the changes).
   */
  readonly type?: ResourceType;
  /** For role patient: the Patient ids of this node that are this person. Empty for all others. */
  readonly own: readonly Id[];
}

/** Decides on one act at the asker's own organisation. */
export function decide(question: Question): Decision {
  const { asker, at, action } = question;
  const { role, organisation } = asker.actor;
  if (organisation !== at) {
    return refuse(
      'role',
      'This token belongs to another organisation. Ask at its node, or ask for a shared record.',
    );
  }
  if (role === 'node') return decideForMachinery(action);
  const row = PERSONAS[role];
  if (!row.purposes.includes(asker.purpose)) {
    return refuse('role', `The role ${role} may not ask for the purpose ${asker.purpose}.`);
  }
  switch (action) {
    case 'read':
    case 'record':
      return decideRead(role, row, question);
    case 'write':
      return decideWrite(role, row, question);
    case 'changes':
      return role === 'system'
        ? { kind: 'permit', scope: wholeScope }
        : refuse('role', `The role ${role} may not follow the changes of a node.`);
    case 'audit':
      return decideAudit(role, row, question);
    case 'feeds':
      return role === 'system' || role === 'engineer'
        ? { kind: 'permit', scope: { ...NOTHING, persons: [] } }
        : refuse('role', `The role ${role} may not see how feeds stand. Ask an engineer.`);
    case 'messages':
      return role === 'system'
        ? { kind: 'permit', scope: wholeScope }
        : refuse('role', `The role ${role} may not see messages as they came, nor speak for a feed.`);
    case 'import':
      return role === 'system'
        ? { kind: 'permit', scope: wholeScope }
        : refuse('role', `The role ${role} may not import. Ask as the source system.`);
    default:
      return unreachable(action);
  }
}

/** The locator feed and continuity copies read everything of their own node, and write no resources. */
function decideForMachinery(action: Question['action']): Decision {
  return action === 'read' || action === 'record' || action === 'changes'
    ? { kind: 'permit', scope: wholeScope }
    : refuse('role', 'A node’s own machinery reads and follows changes, and does nothing else.');
}

function decideRead(role: Exclude<Role, 'node'>, row: PersonaRow, { action, type, own }: Question): Decision {
  if (row.persons === 'none') {
    return refuse('role', `The role ${role} does not see clinical content.`);
  }
  if (type !== undefined && row.reads !== 'all' && !row.reads.includes(type)) {
    return refuse('role', `The role ${role} may not read ${type}.`);
  }
  if (row.persons === 'organisation') return { kind: 'permit', scope: ORGANISATION_SCOPES[role] };
  if (action === 'record') return { kind: 'permit', scope: recordScope(own, row.reads, row.hiddenLabels) };
  return {
    kind: 'permit',
    scope: { persons: own, unattached: DIRECTORY_TYPES, types: row.reads, hiddenLabels: row.hiddenLabels },
  };
}

/**
 * For whole compartments: what they refer to comes along, though it could not be asked for by itself. For nothing
 * else, since of what lies in nobody's compartment it shows all.
 */
export function recordScope(
  persons: readonly Id[],
  types: PersonaRow['reads'],
  hiddenLabels: readonly string[],
): Scope {
  return {
    persons,
    unattached: REFERENCED_TYPES,
    types: types === 'all' ? 'all' : [...new Set([...types, ...REFERENCED_TYPES])],
    hiddenLabels,
  };
}

function decideWrite(role: Exclude<Role, 'node'>, row: PersonaRow, { type }: Question): Decision {
  const permitted =
    row.persons === 'organisation' &&
    (row.writes === 'all' || (type !== undefined && row.writes.includes(type)));
  if (!permitted) {
    return refuse('role', `The role ${role} may not write ${type ?? 'here'}.`);
  }
  return { kind: 'permit', scope: ORGANISATION_SCOPES[role] };
}

/**
 * Whether the asker may write a resource that carries these security labels, where the resource is theirs to
 * write. Nobody sets a label that closes it to themselves: they could neither see what they did nor undo it. What
 * is closed already is not theirs to write, so no such label can be taken off either.
 */
export function decideLabels({ actor }: Asker, labels: readonly string[]): Refusal | undefined {
  if (labels.length === 0) return undefined;
  const hidden = actor.role === 'node' ? labels : PERSONAS[actor.role].hiddenLabels;
  const [first] = labels.filter((label) => hidden.includes(label));
  if (first === undefined) return undefined;
  return refuse(
    'label',
    `The role ${actor.role} may not set a security label that closes a resource to it. ` +
      'Ask somebody whose role sees what carries that label.',
  );
}

/**
 * Who looked: the privacy officer for anybody, a patient for the own record. It shows no clinical content.
 */
function decideAudit(role: Exclude<Role, 'node'>, row: PersonaRow, { own }: Question): Decision {
  if (role === 'privacy-officer') return { kind: 'permit', scope: { ...NOTHING, persons: 'all' } };
  if (row.persons === 'own') return { kind: 'permit', scope: { ...NOTHING, persons: own } };
  return refuse('role', `The role ${role} may not see who looked at a record. Ask the privacy officer.`);
}

const NOTHING: Omit<Scope, 'persons'> = { unattached: [], types: [], hiddenLabels: [] };

/** Made once: a read by id allocates no scope. */
const ORGANISATION_SCOPES = Object.fromEntries(
  Object.entries(PERSONAS).map(([role, row]) => [
    role,
    { persons: 'all', unattached: 'all', types: row.reads, hiddenLabels: row.hiddenLabels } satisfies Scope,
  ]),
) as Readonly<Record<Exclude<Role, 'node'>, Scope>>;

export function refuse(rule: Rule, text: string): Refusal {
  return { kind: 'refuse', rule, text };
}
