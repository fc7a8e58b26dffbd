_dealtrack() {
    local each
    COMPREPLY=()
    while IFS= read -r each; do
        if [ "$each" = @files ]; then
            compopt -o default 2>/dev/null
            return
        fi
        COMPREPLY+=("$each")
    done < <(printf '%s\0' "${COMP_LINE:0:COMP_POINT}" "$COMP_WORDBREAKS" | _DEALTRACK_COMPLETE=bash "$1" 2>/dev/null)
}
complete -o nosort -F _dealtrack dealtrack 2>/dev/null || complete -F _dealtrack dealtrack
