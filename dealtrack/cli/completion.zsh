#compdef dealtrack
(( $+functions[compdef] )) || { autoload -Uz compinit && compinit -i }
_dealtrack() {
    local -a answer given
    given=("${(@Q)words[2,CURRENT-1]}" "${(Q)PREFIX}")
    answer=("${(@f)$(printf '%s\0' "${given[@]}" | _DEALTRACK_COMPLETE=zsh ${(Q)words[1]} 2>/dev/null)}")
    if [[ $answer[1] == @files ]]; then
        _files
    elif [[ -n $answer[1] ]]; then
        _describe -V 'dealtrack' answer
    fi
}
if [[ $funcstack[1] == _dealtrack ]]; then
    _dealtrack "$@"
else
    compdef _dealtrack dealtrack
fi
