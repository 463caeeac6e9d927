// What the server page says about itself, on <div id="workspace" data-…>.

export interface Config {
  /** Slug of the organisation, as in /o/{slug}/. */
  org: string;
  /** Ids from the address; table and view may be missing. */
  base: string;
  table: string | undefined;
  view: string | undefined;
  /** Origin of the API, without a slash at the end. */
  api: string;
  csrf: string;
  /** POST here with the CSRF token answers {token, expires_in}. */
  tokenUrl: string;
  /** Name of the person, for their own changes. */
  user: string;
  /** Id of the person. */
  userId: string;
}

/** Throws when the page lacks a part: a mistake of the template, not of the person. */
export function readConfig(host: HTMLElement): Config {
  const need = (name: string): string => {
    const value = host.dataset[name];
    if (!value) throw new Error(`#workspace lacks data-${name.replace(/[A-Z]/g, (c) => `-${c.toLowerCase()}`)}`);
    return value;
  };
  return {
    org: need('org'),
    base: need('base'),
    table: host.dataset.table || undefined,
    view: host.dataset.view || undefined,
    api: (host.dataset.api ?? '').replace(/\/$/, ''),
    csrf: need('csrf'),
    tokenUrl: need('tokenUrl'),
    user: host.dataset.user ?? '',
    userId: host.dataset.userId ?? '',
  };
}
