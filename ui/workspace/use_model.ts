// React's view of the model.
import { createContext, useContext, useSyncExternalStore } from 'react';
import type { Model } from './model.ts';

export const ModelContext = createContext<Model | undefined>(undefined);

/** The model; the component renders again whenever it changes. */
export function useModel(): Model {
  const model = useContext(ModelContext);
  if (!model) throw new Error('no model');
  useSyncExternalStore(model.subscribe, model.snapshot);
  return model;
}
