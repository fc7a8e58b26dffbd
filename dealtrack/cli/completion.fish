function __dealtrack
    set -l words (commandline -opc)
    set -l program $words[1]
    set -e words[1]
    set -l begun (commandline -ct)
    # What is begun may have a quote that is not closed yet.
    for end in '' '"' "'"
        set -l plain (string unescape -- "$begun$end")
        and set begun "$plain"
        and break
    end
    set -l answer (printf '%s\0' $words "$begun" | env _DEALTRACK_COMPLETE=fish $program 2>/dev/null)
    if test "$answer[1]" = @files
        __fish_complete_path "$begun"
    else
        string join \n -- $answer
    end
end
complete -c dealtrack -f -k -a '(__dealtrack)'
