# Makes the rows of agent.c's table out of files below filters/, and of units: {"NAME", "TEXT"},
FNR == 1 {
    name = FILENAME
    sub(/.*(filters|systemd)\//, "", name)
    printf "%s{\"%s\",\n", (NR > 1 ? "},\n" : ""), name
}
{
    gsub(/\\/, "\\\\&")
    gsub(/"/, "\\\"")
    print "\"" $0 "\\n\""
}
END { print "}," }
