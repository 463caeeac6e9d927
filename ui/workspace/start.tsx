// Mounts the app. React Aria would write one <style> for pressable elements, which the page's CSP refuses: an element with its id
// stands in, and the rule is in styles/workspace.css.
import { createRoot } from 'react-dom/client';
import { App } from './app.tsx';
import { readConfig } from './config.ts';
import { Model } from './model.ts';
import { ModelContext } from './use_model.ts';
import { chosenTheme, showTheme } from '../small/theme.ts';

export function start(host: HTMLElement): void {
  const marker = document.createElement('meta');
  marker.id = 'react-aria-pressable-style';
  document.head.append(marker);
  if (!document.documentElement.dataset.theme) showTheme(chosenTheme());
  const model = new Model(readConfig(host));
  createRoot(host).render(<ModelContext value={model}><App /></ModelContext>);
  model.start();
}
