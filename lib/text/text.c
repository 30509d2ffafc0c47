/* SPDX-License-Identifier: BSD-3-Clause */
#include "text.h"

#include "internal.h"

#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>

/* The texts that were made of one picture: attached to it, freed with it. */
struct texts {
	struct slot {
		pthread_mutex_t lock; /* held while the text is made */
		struct text *text;    /* NULL until then; does not change afterwards */
	} slots[TEXT_KINDS_MAX][WINDOWS];
};

static void *
texts_create(void)
{
	struct texts *texts = calloc(1, sizeof(*texts));

	for (int k = 0; texts != NULL && k < TEXT_KINDS_MAX; k++) {
		for (int w = 0; w < WINDOWS; w++)
			pthread_mutex_init(&texts->slots[k][w].lock, NULL);
	}
	return texts;
}

void
text_free(struct text *text)
{
	if (text == NULL || atomic_fetch_sub(&text->references, 1) > 0)
		return;
	free(text->plain);
	free(text->gzip);
	free(text);
}

static void
texts_destroy(void *attachment)
{
	struct texts *texts = attachment;

	for (int k = 0; k < TEXT_KINDS_MAX; k++) {
		for (int w = 0; w < WINDOWS; w++) {
			text_free(texts->slots[k][w].text);
			pthread_mutex_destroy(&texts->slots[k][w].lock);
		}
	}
	free(texts);
}

static int
encode(struct picture *picture, const struct text_format *format, enum window window,
       struct buffer *b)
{
	struct picture_window w;

	if (format->of_points == NULL)
		return format->of_picture(picture, window, b);
	picture_get_window(picture, window, &w);
	return format->of_points(&w, b);
}

/* NULL with errno. */
static struct text *
text_create(struct picture *picture, enum text_kind kind, enum window window)
{
	const struct text_format *format = text_format(kind);
	const struct picture_facts *facts = picture_facts(picture);
	struct text *text = calloc(1, sizeof(*text));
	struct buffer b = {0};

	if (text == NULL)
		return NULL;
	int error = encode(picture, format, window, &b);
	if (error != 0) {
		buffer_free(&b);
		free(text);
		errno = -error;
		return NULL;
	}
	text->plain = b.data;
	text->length = b.length;
	/* start, period and page: the three things that a text depends on */
	snprintf(text->etag, sizeof(text->etag), "%llx-%llu-%c%d-%.12s",
		 (unsigned long long)facts->sums.started_ms,
		 (unsigned long long)facts->record.number, format->letter, window, facts->ui_build);
	/* level 1: a text lives for one period; at 100,000 places level 6 takes several times as
	 * long for a fifth fewer octets on a link that is local */
	text_compress(text, 1);
	return text;
}

static struct text *
get(struct picture *picture, enum text_kind kind, enum window window)
{
	struct texts *texts = picture_attachment(picture, texts_create, texts_destroy);

	if (texts == NULL)
		return NULL;
	if (!text_format(kind)->by_window)
		window = 0;
	struct slot *slot = &texts->slots[kind][window];
	pthread_mutex_lock(&slot->lock);
	if (slot->text == NULL)
		slot->text = text_create(picture, kind, window);
	struct text *text = slot->text;
	pthread_mutex_unlock(&slot->lock);
	return text;
}

const struct text *
text_get(struct picture *picture, enum text_kind kind, enum window window)
{
	return get(picture, kind, window);
}

struct text *
text_take(struct picture *picture, enum text_kind kind, enum window window)
{
	struct text *text = get(picture, kind, window);

	if (text != NULL)
		atomic_fetch_add(&text->references, 1);
	return text;
}
