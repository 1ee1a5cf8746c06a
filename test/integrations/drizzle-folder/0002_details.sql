ALTER TABLE `author` ADD `born` integer;--> statement-breakpoint
ALTER TABLE `book` ADD `in_print` integer DEFAULT true NOT NULL;--> statement-breakpoint
ALTER TABLE `book` ADD `tags` text;--> statement-breakpoint
CREATE INDEX `book_author` ON `book` (`author_id`);