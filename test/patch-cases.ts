/**
 * The official cases of FHIRPath Patch, whose resources are XML, as JSON: enough of FHIR's XML for what stands
 * in them. http://hl7.org/fhir/R4/xml.html
 */
import { SaxesParser } from 'saxes';
import { planOf } from '../src/fhir/type-plans.ts';

export interface PatchCase {
  readonly name: string;
  readonly input: object;
  readonly patch: object;
  /** Absent where the patch must be refused. */
  readonly output?: object;
}

interface Node {
  readonly name: string;
  readonly attributes: Readonly<Record<string, string>>;
  readonly children: Node[];
  text: string;
}

export function patchCases(xml: string): readonly PatchCase[] {
  return treeOf(xml)
    .children.filter((node) => node.name === 'case')
    .map((one) => {
      const part = (name: string): Node | undefined =>
        one.children.find((child) => child.name === name)?.children[0];
      const output = part('output');
      return {
        name: one.attributes.name ?? '',
        input: resourceOf(part('input')),
        patch: resourceOf(part('diff')),
        ...(output === undefined ? {} : { output: resourceOf(output) }),
      };
    });
}

function treeOf(xml: string): Node {
  const root: Node = { name: '', attributes: {}, children: [], text: '' };
  const open = [root];
  const parser = new SaxesParser();
  parser.on('opentag', ({ name, attributes }) => {
    const node = { name, attributes: attributes as Record<string, string>, children: [], text: '' };
    open.at(-1)?.children.push(node);
    open.push(node);
  });
  parser.on('closetag', () => void open.pop());
  parser.on('text', (text) => {
    const node = open.at(-1);
    if (node !== undefined) node.text += text;
  });
  parser.write(xml).close();
  const [tests] = root.children;
  if (tests === undefined) throw new Error('no tests in the file of tests');
  return tests;
}

function resourceOf(node: Node | undefined): Record<string, unknown> {
  if (node === undefined) throw new Error('a case without its resource');
  return { resourceType: node.name, ...elementsOf(node, node.name) };
}

function elementsOf(node: Node, type: string): Record<string, unknown> {
  const made: Record<string, unknown> = {};
  for (const [name, value] of Object.entries(node.attributes)) {
    if (name === 'id' || name === 'url') made[name] = value;
  }
  for (const child of node.children) {
    if (child.name === 'div') {
      made.div = markup(child);
      continue;
    }
    const member = planOf(type).members.get(child.name);
    if (member === undefined) throw new Error(`${type} has no ${child.name}`);
    const put = (name: string, value: unknown): void => {
      if (!member.element.many) made[name] = value;
      else (made[name] as unknown[]) = [...((made[name] as unknown[] | undefined) ?? []), value];
    };
    if (member.primitive === undefined) {
      const [only] = child.children;
      put(child.name, member.type === 'Resource' ? resourceOf(only) : elementsOf(child, member.type));
      continue;
    }
    const text = child.attributes.value;
    const kind = member.primitive.json;
    if (text !== undefined)
      put(child.name, kind === 'string' ? text : kind === 'number' ? Number(text) : text === 'true');
    const beside = elementsOf(child, 'Element');
    if (Object.keys(beside).length > 0) put(`_${child.name}`, beside);
  }
  return made;
}

function markup({ name, children, text }: Node): string {
  return `<${name}>${text.trim()}${children.map(markup).join('')}</${name}>`;
}
