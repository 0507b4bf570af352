/** What the plugin is called in a gateway's configuration: `plugins.entries.barnacle`. */
export const PLUGIN_ID = "barnacle";
