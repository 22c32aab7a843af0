# Makes a string of C out of style.css, without what the browser needs no more than the compiler.
BEGIN { print "static const char style[] =" }
/^ *\/\*/ { next }
{
    gsub(/^ +/, "")
    gsub(/\\/, "\\\\")
    gsub(/"/, "\\\"")
    if ($0 != "") print "\"" $0 "\\n\""
}
END { print ";" }
