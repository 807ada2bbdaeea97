#include "synth/jpeg_file.h"

#include <assert.h>
#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <jpeglib.h>

#include "base/memory.h"

struct jump_on_error {
    struct jpeg_error_mgr base;
    jmp_buf back;
    char text[JMSG_LENGTH_MAX];
};

static void stop(j_common_ptr info)
{
    struct jump_on_error *error = (struct jump_on_error *)info->err;
    info->err->format_message(info, error->text);
    longjmp(error->back, 1);
}

static void stay_silent(j_common_ptr info)
{
    (void)info;
}

/* An EXIF block that holds tag 0x0112 and nothing else: little-endian TIFF, one directory (TIFF 6.0, section 2). */
static void write_orientation(j_compress_ptr info, int orientation)
{
    unsigned char exif[] = {'E', 'x', 'i', 'f', 0, 0, 'I', 'I', 42, 0, 8, 0, 0, 0, /* directory at byte 8 of the TIFF block */
                            1, 0, 0x12, 0x01, 3, 0, 1, 0, 0, 0, (unsigned char)orientation, 0, 0, 0, 0, 0, 0, 0};
    jpeg_write_marker(info, JPEG_APP0 + 1, exif, sizeof exif);
}

int jpeg_file_encode(unsigned char **file, size_t *size, const uint8_t *grey, size_t width, size_t height,
                     const struct jpeg_file *how, struct status *st)
{
    assert(width >= 1 && height >= 1 && width <= JPEG_MAX_DIMENSION && height <= JPEG_MAX_DIMENSION);
    struct jpeg_compress_struct info;
    struct jump_on_error error;
    unsigned char *volatile row = NULL;
    unsigned char *data = NULL;
    unsigned long length = 0;
    info.err = jpeg_std_error(&error.base);
    error.base.error_exit = stop;
    error.base.output_message = stay_silent;
    jpeg_create_compress(&info);
    if (setjmp(error.back)) {
        jpeg_destroy_compress(&info);
        free(row); /* the library's own buffer is lost: it may have moved, and only the library knew */
        return status_set(st, STATUS_INTERNAL, "cannot encode a JPEG of %zu x %zu pixels: %s", width, height, error.text);
    }
    jpeg_mem_dest(&info, &data, &length);
    info.image_width = (JDIMENSION)width;
    info.image_height = (JDIMENSION)height;
    info.input_components = how->colour ? 3 : 1;
    info.in_color_space = how->colour ? JCS_RGB : JCS_GRAYSCALE;
    jpeg_set_defaults(&info);
    info.dct_method = JDCT_ISLOW;
    jpeg_set_quality(&info, how->quality, TRUE);
    if (how->progressive)
        jpeg_simple_progression(&info);
    jpeg_start_compress(&info, TRUE);
    if (how->orientation)
        write_orientation(&info, how->orientation);
    const size_t channels = how->colour ? 3 : 1;
    row = NEW(width * channels, unsigned char);
    while (info.next_scanline < info.image_height) {
        const uint8_t *from = grey + info.next_scanline * width;
        for (size_t x = 0; x < width; x++)
            memset(row + x * channels, from[x], channels);
        jpeg_write_scanlines(&info, &(JSAMPROW){row}, 1);
    }
    jpeg_finish_compress(&info);
    jpeg_destroy_compress(&info);
    free(row);
    *file = data;
    *size = length;
    return STATUS_OK;
}
