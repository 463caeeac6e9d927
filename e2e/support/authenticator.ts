// A passkey in a test's browser: Chromium's own virtual authenticator (WebAuthn over the DevTools protocol).
import type { CDPSession, Page } from '@playwright/test';

export interface Authenticator {
  /** The credentials that it holds. */
  credentials(): Promise<{ credentialId: string; rpId?: string; signCount: number; userHandle?: string }[]>;
  /** Whether the person is recognised by finger, face or PIN. */
  recognised(yes: boolean): Promise<void>;
  /** Sets the counter of its only credential back, as a copy would have it. */
  turnBack(): Promise<void>;
}

/** Gives the page a platform authenticator that answers at once. */
export async function withAuthenticator(page: Page): Promise<Authenticator> {
  const cdp: CDPSession = await page.context().newCDPSession(page);
  await cdp.send('WebAuthn.enable');
  const { authenticatorId } = await cdp.send('WebAuthn.addVirtualAuthenticator', {
    options: { protocol: 'ctap2', ctap2Version: 'ctap2_1', transport: 'internal', hasResidentKey: true, hasUserVerification: true, isUserVerified: true, automaticPresenceSimulation: true },
  });
  const credentials = async () => (await cdp.send('WebAuthn.getCredentials', { authenticatorId })).credentials;
  return {
    credentials,
    recognised: async (isUserVerified) => {
      await cdp.send('WebAuthn.setUserVerified', { authenticatorId, isUserVerified });
    },
    turnBack: async () => {
      const [only] = await credentials();
      if (!only) throw new Error('there is no credential');
      await cdp.send('WebAuthn.removeCredential', { authenticatorId, credentialId: only.credentialId });
      await cdp.send('WebAuthn.addCredential', { authenticatorId, credential: { ...only, signCount: 0 } });
    },
  };
}

/** Without autofill of passkeys: the button is pressed by the test, and by nobody before. */
export async function withoutAutofill(page: Page): Promise<void> {
  await page.addInitScript(() => {
    if (typeof PublicKeyCredential !== 'undefined') PublicKeyCredential.isConditionalMediationAvailable = () => Promise.resolve(false);
  });
}
