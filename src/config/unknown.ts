import { nearestName } from "./nearest.ts";
import { allSettings, sectionNames } from "./settings.ts";

/** What to say of a path that names no setting. Its value is not shown: it may be a secret under a mistyped name. */
export function unknownSettingFault(path: string): string {
  const nearest = nearestSetting(path);
  return nearest === undefined ? "there is no such setting" : `there is no such setting; the nearest is ${nearest}`;
}

/**
 * The setting of the same name in another section, or whose environment variable it is, else what is spelt most alike.
 */
function nearestSetting(path: string): string | undefined {
  const settings = [...allSettings().values()];
  const lastPart = path.slice(path.lastIndexOf(".") + 1);
  const same = settings.filter(({ name, variable }) => name === lastPart || variable === lastPart);
  const samePaths = same.map((setting) => setting.path);
  if (lastPart === path && samePaths.length > 0) return samePaths[0];
  if (samePaths.length > 0) return nearestName(path, samePaths, { distanceMax: Infinity });
  const alike = nearestName(path, [...settings.map((setting) => setting.path), ...sectionNames()]);
  if (alike !== undefined) return alike;
  const alikeName = nearestName(lastPart, settings.map((setting) => setting.name));
  return settings.find((setting) => setting.name === alikeName)?.path;
}
