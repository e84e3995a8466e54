#pragma once
/// Text from outside (paths, labels, what files hold) on its way into a terminal or a file.

#include <string>

namespace superpose {

/// Whether a character of it controls a terminal, a shell or a file of lines: those below a blank
/// (newline, tabulator and escape among them), DEL, and U+0080 to U+009F.
bool has_control_characters(const std::string& text);

/// For a terminal: control characters other than newline and tabulator as \xNN.
std::string printable(const std::string& text);

/// For JSON and for attributes in HDF5 files, which are UTF-8: every byte that is not part of a
/// UTF-8 character as U+FFFD. Paths may hold any byte.
std::string valid_utf8(const std::string& text);

}  // namespace superpose
