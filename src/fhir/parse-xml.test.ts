import { describe, expect, it } from 'vitest';
import { Failure } from '../base/failure.ts';
import { effectiveSettings } from '../base/settings.ts';
import { writeJson } from './exact-decimals.ts';
import { parseXml } from './parse-xml.ts';
import { validate } from './validate.ts';

const settings = effectiveSettings([], {});
const read = (xml: string, given = settings): Promise<unknown> => parseXml(Buffer.from(xml), given);
const patient = (content: string): string => `<Patient xmlns="http://hl7.org/fhir">${content}</Patient>`;

async function refusal(xml: string | Buffer, given = settings): Promise<Failure> {
  try {
    await parseXml(typeof xml === 'string' ? Buffer.from(xml) : xml, given);
  } catch (thrown) {
    if (thrown instanceof Failure) return thrown;
    throw thrown;
  }
  throw new Error('it was read');
}

describe('FHIR XML', () => {
  it('becomes the JSON that it would have come as', async () => {
    const xml = `\ufeff<?xml version="1.0" encoding="UTF-8"?>
      <!-- a comment -->
      <Patient xmlns="http://hl7.org/fhir" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"
          xsi:schemaLocation="http://hl7.org/fhir patient.xsd">
        <id value="a"/>
        <contained><Organization><id value="o"/><name value="A &amp; B &#x2014; &quot;C&quot;"/></Organization></contained>
        <extension url="http://x/e"><valueDecimal value="5.40"/></extension>
        <active value="true"/>
        <name id="n">
          <family value="Khan"><extension url="http://x/f"><valueCode value="c"/></extension></family>
          <given id="g1" value="Aisha"/><given value="B"/>
          <given><extension url="http://x/g"><valueBoolean value="false"/></extension></given>
        </name>
        <birthDate id="b"/>
        <multipleBirthInteger value="2"/>
      </Patient>`;
    const value = await read(xml);
    expect(value).toEqual({
      resourceType: 'Patient',
      id: 'a',
      contained: [{ resourceType: 'Organization', id: 'o', name: 'A & B — "C"' }],
      extension: [{ url: 'http://x/e', valueDecimal: 5.4 }],
      active: true,
      name: [
        {
          id: 'n',
          family: 'Khan',
          _family: { extension: [{ url: 'http://x/f', valueCode: 'c' }] },
          given: ['Aisha', 'B', null],
          _given: [{ id: 'g1' }, null, { extension: [{ url: 'http://x/g', valueBoolean: false }] }],
        },
      ],
      _birthDate: { id: 'b' },
      multipleBirthInteger: 2,
    });
    expect(writeJson(value)).toContain('"valueDecimal":5.40');
  });

  it('keeps a narrative as it is written, and takes the prefix from one that has it', async () => {
    const div =
      '<div xmlns="http://www.w3.org/1999/xhtml">\n <p class="a">x &lt; y&#160;<br/></p><!-- c --></div>';
    const own = patient(`<text><status value="generated"/>${div}</text>`);
    expect(await read(own)).toEqual({ resourceType: 'Patient', text: { status: 'generated', div } });
    const prefixed = `<f:Patient xmlns:f="http://hl7.org/fhir" xmlns:h="http://www.w3.org/1999/xhtml"><f:text>
      <f:status value="generated"/><h:div><h:p title="&quot;a&quot;">b &amp; c</h:p><h:br/></h:div></f:text></f:Patient>`;
    expect(await read(prefixed)).toEqual({
      resourceType: 'Patient',
      text: {
        status: 'generated',
        div: '<div xmlns="http://www.w3.org/1999/xhtml"><p title="&quot;a&quot;">b &amp; c</p><br/></div>',
      },
    });
  });

  it('is the same wherever the pieces of a long text end', async () => {
    const xml = patient('<name><family value="Zoë 😀 &amp; x"/><given value="a"/></name>\r\n').repeat(1);
    const whole = await read(xml);
    for (const xmlSliceBytes of [1, 2, 3, 7, 64]) {
      expect(await read(xml, { ...settings, xmlSliceBytes })).toEqual(whole);
    }
  });

  it('leaves what is not of its type to validation, which names the element', async () => {
    const value = await read(patient('<active value="yes"/><multipleBirthInteger value="1.5x"/>'));
    expect(validate(value).map(({ expression }) => expression)).toEqual([
      'Patient.active',
      'Patient.multipleBirth',
    ]);
  });
});

describe('bad XML is refused with its place', () => {
  const nested = (depth: number): string =>
    patient('<extension url="u">'.repeat(depth) + '</extension>'.repeat(depth));
  const cases: readonly (readonly [string, string, RegExp, string?])[] = [
    ['a DTD', `<!DOCTYPE Patient>${patient('')}`, /document type \(DTD\) or entities.*line 1/],
    [
      'entities that grow',
      `<!DOCTYPE Patient [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;&a;">]>${patient('<id value="&b;"/>')}`,
      /DTD/,
    ],
    [
      'a file from outside',
      `<!DOCTYPE x [<!ENTITY f SYSTEM "file:///etc/passwd">]>${patient('<id value="&f;"/>')}`,
      /DTD/,
    ],
    ['an entity of HTML', patient('<id value="a&nbsp;b"/>'), /entities other than amp.*line 1, column \d+/],
    [
      'an unknown element',
      patient('\n<names><family value="x"/></names>'),
      /Patient has no element "names"; there is name \(line 2, column 1\)/,
      'Patient.names',
    ],
    [
      'an unknown element further down',
      patient('<contact/><contact>\n <name><famly value="x"/></name></contact>'),
      /HumanName has no element "famly".*line 2, column 8/,
      'Patient.contact[1].name.famly',
    ],
    ['an unknown attribute', patient('<active valu="true"/>'), /"active" has no attribute "valu"/],
    [
      'an id as element of an element',
      patient('<name><id value="a"/></name>'),
      /HumanName has no element "id"/,
    ],
    ['text', patient('<active>true</active>'), /Text stands between elements/],
    ['CDATA', patient('<active><![CDATA[true]]></active>'), /Text stands between elements/],
    ['a primitive without value', patient('<active/>'), /"active" must have a value or an extension/],
    ['an element twice', patient('<active value="true"/><active value="true"/>'), /"active" does not repeat/],
    ['another root', '<Patent xmlns="http://hl7.org/fhir"/>', /"Patent" is no R4 resource type/],
    ['no namespace', '<Patient/>', /namespace http:\/\/hl7.org\/fhir/],
    ['another namespace', '<Patient xmlns="urn:hl7-org:v3"/>', /namespace http:\/\/hl7.org\/fhir/],
    [
      'an element of another namespace',
      patient('<active xmlns="urn:x" value="true"/>'),
      /"active" must be in/,
    ],
    ['a prefix that nobody declared', '<f:Patient/>', /Prefix "f" is not declared/],
    [
      'a foreign attribute',
      patient('<active xmlns:y="urn:y" y:z="1" value="true"/>'),
      /"y:z" is none of FHIR/,
    ],
    ['a narrative in FHIR', patient('<text><status value="empty"/><div/></text>'), /1999\/xhtml/],
    [
      'FHIR in a narrative',
      `<Patient xmlns="http://hl7.org/fhir" xmlns:f="http://hl7.org/fhir"><text>
        <div xmlns="http://www.w3.org/1999/xhtml"><f:active value="true"/></div></text></Patient>`,
      /"f:active" is none of XHTML/,
    ],
    ['a container without content', patient('<contained></contained>'), /"contained" must hold one resource/],
    [
      'a container with two',
      `<Bundle xmlns="http://hl7.org/fhir"><entry><resource><Basic/><Basic/></resource></entry></Bundle>`,
      /holds one resource, and not two/,
    ],
    ['a tag that does not end', patient('<name><family value="x"></name>'), /Not well-formed XML: .*line 1/],
    ['an attribute twice', patient('<id value="a" value="b"/>'), /Not well-formed XML: duplicate attribute/],
    ['half of it', '<Patient xmlns="http://hl7.org/fhir"><name>', /Not well-formed XML/],
    ['nothing', ' ', /Not well-formed XML/],
    ['JSON', '{"resourceType":"Patient"}', /Not well-formed XML/],
    ['another encoding', `<?xml version="1.0" encoding="ISO-8859-1"?>${patient('')}`, /ISO-8859-1.*UTF-8/],
    ['XML 1.1', `<?xml version="1.1"?>${patient('')}`, /XML 1.0/],
    ['what XML cannot hold', patient('<id value="a&#1;"/>'), /Not well-formed XML|entities/],
    ['deep nesting', nested(40), /setting jsonDepthMax/],
    ['deeper nesting', nested(100_000), /setting (?:jsonDepthMax|xmlDepthMax)/],
    [
      'a deep narrative',
      patient(
        `<text><div xmlns="http://www.w3.org/1999/xhtml">${'<b>'.repeat(99)}${'</b>'.repeat(99)}</div></text>`,
      ),
      /setting xmlDepthMax/,
    ],
    [
      'many attributes',
      patient(`<id ${Array.from({ length: 33 }, (_, i) => `a${i}="x"`).join(' ')}/>`),
      /more than 32 attributes; setting xmlAttributesMax/,
    ],
  ];
  for (const [what, xml, text, expression] of cases) {
    it(what, async () => {
      const failure = await refusal(xml);
      expect(failure.message).toMatch(text);
      expect(failure.message).toMatch(/line \d+, column \d+/);
      if (expression !== undefined) expect(failure.expression).toBe(expression);
    });
  }

  it('bytes that are not UTF-8', async () => {
    expect((await refusal(Buffer.from(patient('<id value="Zoë"/>'), 'latin1'))).message).toMatch(/UTF-8/);
  });

  it('says nothing of the content', async () => {
    const failure = await refusal(patient('<name><family value="Secretname"/></nam>'));
    expect(failure.message).not.toMatch(/Secretname/);
  });
});
