// Where the portals are. `*.localhost` is this machine for Chromium; node asks 127.0.0.1 with the name as Host.

export const port = (): number => Number(process.env.E2E_PORT);
export const host = (portal: string, at = port()): string => `${portal}.nclc.localhost:${at}`;
export const origin = (portal: string, at = port()): string => `http://${host(portal, at)}`;
export const siteOrigin = (slug: string): string => origin(`${slug}.sites`);
