// The one script of the server-rendered pages: each behaviour is asked for by a data attribute (small/README.md).
import { startConfirm } from './small/confirm.ts';
import { startCopy } from './small/copy.ts';
import { startMenus } from './small/menus.ts';
import { startTheme } from './small/theme.ts';
import { startForms } from './small/forms.ts';
import { startPasskeys } from './small/passkeys.ts';

startTheme();
startCopy();
startMenus();
startConfirm();
startForms();
startPasskeys();
