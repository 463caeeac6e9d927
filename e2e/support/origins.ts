// Where the portals are. `*.localhost` is this machine for Chromium; node asks 127.0.0.1 with the name as Host.

export const port = (): number => Number(process.env.E2E_PORT);
export const host = (portal: string): string => `${portal}.nclc.localhost:${port()}`;
export const origin = (portal: string): string => `http://${host(portal)}`;
export const siteOrigin = (slug: string): string => origin(`${slug}.sites`);
