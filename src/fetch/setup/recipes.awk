# Makes the rows of recipe.c's table out of files below filters/: {"NAME", "TEXT"},
FNR == 1 {
    name = FILENAME
    sub(/.*filters\//, "", name)
    printf "%s{\"%s\",\n", (NR > 1 ? "},\n" : ""), name
}
{
    gsub(/\\/, "\\\\&")
    gsub(/"/, "\\\"")
    print "\"" $0 "\\n\""
}
END { print "}," }
