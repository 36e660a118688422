/** What a role may not see is said to be hidden: an empty list would say that there is nothing. */
import type { ComponentChildren, JSX } from 'preact';
import type { ResourceType } from '../../fhir/resource.ts';
import { type RecordPage, sees } from '../record-page.ts';

export function NotForRole({
  page,
  type,
  children,
}: {
  readonly page: RecordPage;
  readonly type: ResourceType;
  readonly children: ComponentChildren;
}): JSX.Element {
  if (sees(page.role, type)) return <>{children}</>;
  return <p>Your role does not see these. Nothing follows from that for this person.</p>;
}
