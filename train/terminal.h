/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Text of files on a terminal, where it must not act as a command. */
#pragma once

/* @text (UTF-8) with control characters replaced and every line break followed by @indent spaces. (transfer full) */
char *cg_terminal_text (const char *text, int indent);

/* One line "label   value", both made harmless; nothing where @value is NULL. */
void cg_terminal_print_field (const char *label, const char *value);

/* Tells on stderr why the command ends, made harmless, and returns @status for the caller to end with. */
int cg_terminal_fail (const char *message, int status);
