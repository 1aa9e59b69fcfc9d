/* SPDX-License-Identifier: MIT */
/* maggie-boot: compiles the library at build time into the archive that the programs carry.
 *
 *     maggie-boot -o lib.mgu [-d] lib/A.mag lib/B.mag …
 *
 * The archive is the unit (mg_unit_write) and behind it the traits (mg_traits_write). With -d the
 * unit is also printed to stdout. Exit status 1 when there were errors, 2 for a bad call.
 *
 * The result depends on nothing but the files and their order on the command line. Files are named
 * in messages and stack traces by their last two components.
 */
#include <stdio.h>
#include <string.h>

#include "base/alloc.h"
#include "base/error.h"
#include "base/limits.h"
#include "compiler/disasm.h"
#include "compiler/kernel_env.h"
#include "compiler/verify.h"

struct boot {
    const char *path;
    bool print;
    struct mg_source *sources;
    uint32_t source_count;
};

/* `lib/Array.mag` of any longer path. */
static const char *short_path(const char *path)
{
    const char *from = path;
    const char *before = path;
    for (const char *p = path; *p; p++) {
        if (*p == '/') {
            from = before;
            before = p + 1;
        }
    }
    return from;
}

static bool read_source(const char *path, struct mg_source *source)
{
    FILE *file = fopen(path, "rb");
    struct mg_buf text = {0};
    size_t n = 0;
    if (file) {
        do {
            n = fread(mg_buf_extend(&text, 65536), 1, 65536, file);
            text.len -= 65536 - n;
        } while (n > 0 && text.len <= MG_LIMIT_SOURCE_BYTES);
    }
    bool good = file && !ferror(file);
    if (file)
        fclose(file);
    if (!good)
        fprintf(stderr, "maggie-boot: cannot read %s\n", path);
    *source = (struct mg_source){.path = short_path(path), .len = text.len};
    source->text = mg_buf_take(&text);
    return good;
}

static bool write_file(const char *path, const struct mg_buf *bytes)
{
    FILE *file = fopen(path, "wb");
    bool good = file && fwrite(mg_buf_text(bytes), 1, bytes->len, file) == bytes->len;
    if (file && fclose(file) != 0)
        good = false;
    if (!good)
        fprintf(stderr, "maggie-boot: cannot write %s\n", path);
    return good;
}

static bool write_results(const struct boot *boot, const struct mg_unit *unit,
                          const struct mg_traits *traits)
{
    struct mg_buf bytes = {0};
    mg_unit_write(unit, &bytes);
    mg_traits_write(traits, &bytes);
    bool good = write_file(boot->path, &bytes);
    if (good && boot->print) {
        mg_buf_clear(&bytes);
        mg_disasm_unit(unit, &bytes);
        fputs(mg_buf_text(&bytes), stdout);
    }
    mg_buf_deinit(&bytes);
    return good;
}

static int compile_all(const struct boot *boot, struct mg_unit *unit, struct mg_traits *traits)
{
    struct mg_compile_env env = mg_kernel_env();
    struct mg_compile_options options = {.library = true};
    struct mg_verify verify;
    struct mg_diags diags;
    struct mg_buf text = {0};
    mg_diags_init(&diags);
    int error =
        mg_compile_batch(&env, &options, boot->sources, boot->source_count, unit, traits, &diags);
    mg_diags_print(&diags, &text);
    fputs(mg_buf_text(&text), stderr);
    mg_buf_deinit(&text);
    mg_diags_deinit(&diags);
    if (error == 0) {
        error = mg_verify_unit(unit, &verify);
        if (error != 0)
            fprintf(stderr, "maggie-boot: %s\n", verify.problem);
    }
    return error;
}

static int run(const struct boot *boot)
{
    struct mg_unit unit;
    struct mg_traits traits;
    mg_unit_init(&unit);
    mg_traits_init(&traits);
    bool good = compile_all(boot, &unit, &traits) == 0 && write_results(boot, &unit, &traits);
    mg_traits_deinit(&traits);
    mg_unit_deinit(&unit);
    return good ? 0 : 1;
}

/* Reads the arguments and the files; answers the exit status when that fails, else 0. */
static int parse_arguments(struct boot *boot, int argc, char **argv)
{
    for (int i = 1; i < argc; i++) {
        bool option = argv[i][0] == '-';
        if (option && strcmp(argv[i], "-d") == 0) {
            boot->print = true;
        } else if (option && i + 1 < argc && strcmp(argv[i], "-o") == 0) {
            boot->path = argv[++i];
        } else if (option) {
            boot->path = NULL;
            break;
        } else if (!read_source(argv[i], &boot->sources[boot->source_count++])) {
            return 1;
        }
    }
    if (boot->path && boot->source_count > 0)
        return 0;
    fprintf(stderr, "usage: maggie-boot -o ARCHIVE [-d] FILE…\n");
    return 2;
}

int main(int argc, char **argv)
{
    struct boot boot = {.sources = mg_alloc_zero((size_t)argc * sizeof(struct mg_source))};
    int status = parse_arguments(&boot, argc, argv);
    if (status == 0)
        status = run(&boot);
    for (uint32_t i = 0; i < boot.source_count; i++)
        mg_free((void *)(uintptr_t)boot.sources[i].text);
    mg_free(boot.sources);
    return status;
}
