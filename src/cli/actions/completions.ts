import type { CommonFlags } from "../command.ts";
import type { Invocation } from "../context.ts";
import type { Shell } from "../shells.ts";

/**
 * Falls back to file names where the program proposes nothing. The word after the last space is the one to complete.
 */
const BASH = `# bash completion for barnacle
_barnacle() {
  local line
  COMPREPLY=()
  while IFS=$'\\t' read -r line _; do
    COMPREPLY+=("$line")
  done < <("\${COMP_WORDS[0]}" complete -- "\${COMP_WORDS[@]:1:COMP_CWORD}" 2>/dev/null)
}
complete -o default -F _barnacle barnacle
`;

const ZSH = `#compdef barnacle
_barnacle() {
  local -a proposals
  local word brief
  while IFS=$'\\t' read -r word brief; do
    proposals+=("\${word//:/\\\\:}:$brief")
  done < <("\${words[1]}" complete -- "\${(@)words[2,CURRENT]}" 2>/dev/null)
  if (( \${#proposals} )); then
    _describe 'barnacle' proposals
  else
    _files
  fi
}
if [ "$funcstack[1]" = "_barnacle" ]; then
  _barnacle "$@"
else
  compdef _barnacle barnacle
fi
`;

const FISH = `# fish completion for barnacle
function __barnacle_complete
    set -l words (commandline -opc) (commandline -ct)
    $words[1] complete -- $words[2..-1] 2>/dev/null
end
complete -c barnacle -a '(__barnacle_complete)'
`;

const SCRIPTS: Readonly<Record<Shell, string>> = { bash: BASH, zsh: ZSH, fish: FISH };

export default function completions(this: Invocation, _flags: CommonFlags, shell: Shell): Promise<void> {
  this.cli.runtime.process.standardOutput.write(SCRIPTS[shell]);
  return Promise.resolve();
}
