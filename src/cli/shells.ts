/**
 * The completion script of each shell. They are thin: each hands the words typed so far to
 * `gt __complete` and shows the lines it answers (`candidate<TAB>explanation`).
 *
 * H1 A line `:files` lets the shell complete file names.
 * H2 zsh reads the file as the body of `_gt` when a name is first completed, so the file answers
 *    that completion too.
 */
export type Shell = 'bash' | 'zsh' | 'fish';

export const shellScripts: Readonly<Record<Shell, string>> = {
  bash: `# bash completion for gt
_gt() {
  local current=\${COMP_WORDS[COMP_CWORD]} line
  COMPREPLY=()
  while IFS=$'\\t' read -r line _; do
    if [ "$line" = ':files' ]; then
      compopt -o default 2>/dev/null
      COMPREPLY+=($(compgen -f -- "$current"))
    elif [ -n "$line" ]; then
      COMPREPLY+=("$line")
    fi
  done < <("\${COMP_WORDS[0]}" __complete -- "\${COMP_WORDS[@]:1:COMP_CWORD}" 2>/dev/null)
}
complete -F _gt gt
`,
  zsh: `#compdef gt
# zsh completion for gt
_gt() {
  local line candidate about
  local -a candidates
  for line in \${(f)"$("\${words[1]}" __complete -- "\${(@)words[2,CURRENT]}" 2>/dev/null)"}; do
    if [[ $line == ':files' ]]; then
      _files
      continue
    fi
    candidate=\${line%%$'\\t'*}
    about=\${line#*$'\\t'}
    candidates+=("\${candidate//:/\\\\:}:$about")
  done
  (( \${#candidates} )) && _describe gt candidates
}
if [[ $funcstack[1] == _gt ]]; then
  _gt "$@"
else
  compdef _gt gt
fi
`,
  fish: `# fish completion for gt
function __gt_complete
    set -l words (commandline -opc) (commandline -ct)
    for line in ($words[1] __complete -- $words[2..-1] 2>/dev/null)
        if test "$line" = ':files'
            __fish_complete_path (commandline -ct)
        else
            echo $line
        end
    end
end
complete -c gt -f -a '(__gt_complete)'
`,
};
